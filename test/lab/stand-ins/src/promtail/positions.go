package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"sync"
	"time"

	"gopkg.in/yaml.v3"
	"hostwright/standin"
)

// positions says how far each file has been read.
type positions struct {
	config positionsConfig
	mutex  sync.Mutex
	offset map[string]string
	isNew  bool
}

type positionsFile struct {
	Positions map[string]string `yaml:"positions"`
}

func openPositions(config positionsConfig) (*positions, error) {
	p := &positions{config: config, offset: map[string]string{}}
	text, err := os.ReadFile(config.Filename)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	var file positionsFile
	if err := yaml.Unmarshal(text, &file); err != nil {
		if !config.IgnoreInvalidYAML {
			return nil, err
		}
		standin.Log("warn", "ignoring invalid positions file: %v", err)
		return p, nil
	}
	if file.Positions != nil {
		p.offset = file.Positions
	}
	return p, nil
}

func (p *positions) of(path string) int64 {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return number(p.offset[path])
}

func (p *positions) set(path string, offset int64) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.offset[path] = text(offset)
	p.isNew = true
}

func (p *positions) save() error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if !p.isNew {
		return nil
	}
	content, err := yaml.Marshal(positionsFile{p.offset})
	if err != nil {
		return err
	}
	if err := os.WriteFile(p.config.Filename+".new", content, 0o600); err != nil {
		return err
	}
	p.isNew = false
	return os.Rename(p.config.Filename+".new", p.config.Filename)
}

// keepSaving saves every sync_period, until the program is to end.
func (p *positions) keepSaving(ended context.Context, dryRun bool) {
	for ended.Err() == nil {
		pause(ended, max(p.config.SyncPeriod, time.Second))
		p.keepSaved(dryRun)
	}
}

func (p *positions) keepSaved(dryRun bool) {
	if dryRun {
		return
	}
	if err := p.save(); err != nil {
		standin.Log("error", "error writing positions file: %v", err)
	}
}
