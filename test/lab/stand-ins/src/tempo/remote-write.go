package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net/http"
	"time"

	"hostwright/standin"
)

// Prometheus' remote write, version 1: protobuf, in Snappy's format.

// run sends what there is, again and again.
func (g *generator) run() {
	for now := range time.Tick(g.config.interval) {
		if err := g.send(now); err != nil {
			standin.Log("warn", "remote write: %v", err)
		}
	}
}

func (g *generator) send(now time.Time) error {
	g.mutex.Lock()
	g.expire(now)
	request := g.registry.collect(now, g.config.interval)
	g.mutex.Unlock()
	if len(request) == 0 {
		return nil
	}
	if err := g.post(request); err != nil {
		return err
	}
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.registry.written()
	return nil
}

func (g *generator) post(request []byte) error {
	post, err := http.NewRequest(http.MethodPost, g.config.remoteWrite, bytes.NewReader(snappy(request)))
	if err != nil {
		return err
	}
	post.Header.Set("Content-Encoding", "snappy")
	post.Header.Set("Content-Type", "application/x-protobuf")
	post.Header.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
	answer, err := (&http.Client{Timeout: 10 * time.Second}).Do(post)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode/100 != 2 {
		said, _ := io.ReadAll(io.LimitReader(answer.Body, 500))
		return fmt.Errorf("%s: %s", answer.Status, said)
	}
	return nil
}

// snappy packs nothing: the format allows text as it is, in pieces of up to 64 KiB.
func snappy(data []byte) []byte {
	out := binary.AppendUvarint(nil, uint64(len(data)))
	for len(data) > 0 {
		n := min(len(data), 1<<16)
		out = append(out, 61<<2)
		out = binary.LittleEndian.AppendUint16(out, uint16(n-1))
		out = append(out, data[:n]...)
		data = data[n:]
	}
	return out
}

func appendMessage(out []byte, number int, message []byte) []byte {
	out = binary.AppendUvarint(out, uint64(number<<3|2))
	out = binary.AppendUvarint(out, uint64(len(message)))
	return append(out, message...)
}

func encodeLabel(name, value string) []byte {
	return appendMessage(appendMessage(nil, 1, []byte(name)), 2, []byte(value))
}

func encodeSample(out []byte, value float64, at time.Time) []byte {
	return appendNumbers(out, 1, value, at)
}

func encodeExemplar(out []byte, value float64, at time.Time) []byte {
	return appendNumbers(out, 2, value, at)
}

// appendNumbers: a value, and behind it the time in milliseconds, at the next number.
func appendNumbers(out []byte, number int, value float64, at time.Time) []byte {
	out = binary.AppendUvarint(out, uint64(number<<3|1))
	out = binary.LittleEndian.AppendUint64(out, math.Float64bits(value))
	out = binary.AppendUvarint(out, uint64((number+1)<<3))
	return binary.AppendUvarint(out, uint64(at.UnixMilli()))
}
