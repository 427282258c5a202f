package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"strings"
	"sync"
	"time"

	"hostwright/standin"
)

const (
	readEvery = 400 * time.Millisecond
	globEvery = 5 * time.Second
)

// watch finds the job's files again and again, and tails each of them once. It returns when all of them have ended.
func watch(ended context.Context, job scrapeConfig, positions *positions, metrics *metrics, sink *sink) {
	tailed := map[string]bool{}
	var tails sync.WaitGroup
	defer tails.Wait()
	for ended.Err() == nil {
		for _, group := range job.Static {
			// Names that cannot be read are not found: without the right to look there is silence, as upstream.
			paths, err := named(group.Labels["__path__"])
			if err != nil {
				standin.Fail("invalid __path__: %v", err)
			}
			for _, path := range paths {
				excluded, err := matches(group.Labels["__path_exclude__"], path)
				if err != nil {
					standin.Fail("invalid __path_exclude__: %v", err)
				}
				if tailed[path] || excluded {
					continue
				}
				if t := openTail(path, job, group.Labels, positions); t != nil {
					tailed[path] = true
					metrics.add("promtail_files_active_total", "", 1)
					tails.Add(1)
					go func() {
						defer tails.Done()
						t.run(ended, metrics, sink)
					}()
				}
			}
		}
		pause(ended, globEvery)
	}
}

type tail struct {
	path     string
	file     *os.File
	offset   int64
	labels   map[string]string
	pipeline pipeline
	// As upstream, they say what was read, whether it has been sent or not.
	positions *positions
}

func openTail(path string, job scrapeConfig, labels map[string]string, positions *positions) *tail {
	file, err := os.Open(path)
	if err != nil {
		return nil // no right to read it: silence, as upstream
	}
	stages, err := newPipeline(job.Stages)
	if err != nil {
		standin.Fail("%v", err)
	}
	t := &tail{path: path, file: file, pipeline: stages, positions: positions, labels: map[string]string{"filename": path}, offset: positions.of(path)}
	for name, value := range labels {
		if !strings.HasPrefix(name, "__") {
			t.labels[name] = value
		}
	}
	if info, err := file.Stat(); err != nil || info.Size() < t.offset {
		t.offset = 0
	}
	return t
}

// run reads until it is to end. As upstream, what it has read goes on its way then, and what it has not is read at the next start.
func (t *tail) run(ended context.Context, metrics *metrics, sink *sink) {
	for ended.Err() == nil {
		isReplaced := t.isReplaced()
		// What was written before the file was replaced is read before the new one is opened.
		t.readLines(ended, func(line entry, end int64) {
			metrics.add("promtail_read_lines_total", t.path, 1)
			sink.take(t.pipeline.process(line))
			t.positions.set(t.path, end)
		})
		sink.take(t.pipeline.flush(time.Now()))
		if isReplaced && ended.Err() == nil {
			t.reopen()
			continue
		}
		pause(ended, readEvery)
	}
	sink.take(t.pipeline.flush(time.Now().Add(time.Hour)))
}

// readLines reads on where the file's own offset is, as upstream: who looks at the process sees how far it is.
func (t *tail) readLines(ended context.Context, each func(line entry, end int64)) {
	t.seek()
	reader := bufio.NewReader(t.file)
	for ended.Err() == nil {
		text, err := reader.ReadString('\n')
		if err != nil {
			t.seek() // a line without its end is read next time
			return
		}
		t.offset += int64(len(text))
		each(entry{
			labels: maps.Clone(t.labels), extracted: map[string]any{}, metadata: map[string]string{}, time: time.Now(),
			line: strings.TrimRight(text, "\r\n"),
		}, t.offset)
	}
}

func (t *tail) seek() {
	if _, err := t.file.Seek(t.offset, io.SeekStart); err != nil {
		standin.Log("warn", "%v", err)
	}
}

// isReplaced: the name now belongs to another file (rotation), or the file was cut.
func (t *tail) isReplaced() bool {
	now, err := os.Stat(t.path)
	if err != nil {
		return false
	}
	opened, err := t.file.Stat()
	return err == nil && (!os.SameFile(now, opened) || opened.Size() < t.offset)
}

func (t *tail) reopen() {
	file, err := os.Open(t.path)
	if err != nil {
		standin.Log("warn", "%s cannot be opened again: %v", t.path, err)
		return
	}
	if err := t.file.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		standin.Log("warn", "%v", err)
	}
	t.file, t.offset = file, 0
}

func pause(ended context.Context, duration time.Duration) {
	select {
	case <-ended.Done():
	case <-time.After(duration):
	}
}
