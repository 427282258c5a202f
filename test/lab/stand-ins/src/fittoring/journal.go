package main

import (
	"os"
	"path/filepath"
	"time"
)

const maxBytes = 256 << 10

// journal is app.log, renamed to app.DATE.log when it has grown.
type journal struct {
	folder string
	file   *os.File
	size   int64
}

func openJournal(folder string) (*journal, error) {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return nil, err
	}
	j := &journal{folder: folder}
	return j, j.open()
}

func (j *journal) open() error {
	file, err := os.OpenFile(filepath.Join(j.folder, "app.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	j.file, j.size = file, info.Size()
	return nil
}

func (j *journal) write(text string) error {
	if j.size > maxBytes {
		if err := j.rotate(); err != nil {
			return err
		}
	}
	n, err := j.file.WriteString(text)
	j.size += int64(n)
	return err
}

// rotate replaces an older file of the same day: a lab runs for long on a small disk.
func (j *journal) rotate() error {
	current := j.file.Name()
	if err := j.file.Close(); err != nil {
		return err
	}
	dated := filepath.Join(j.folder, "app."+time.Now().Format("2006-01-02")+".log")
	if err := os.Rename(current, dated); err != nil {
		return err
	}
	return j.open()
}
