package main

import (
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hostwright/standin"
)

const (
	exportMethod = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
	maxBytes     = 16 << 20

	// gRPC's own codes.
	codeOK, codeInvalid, codeUnimplemented, codeInternal = 0, 3, 12, 13
)

// serveGRPC answers OTLP over gRPC: HTTP/2 without TLS, known beforehand.
func (a *api) serveGRPC(address string) {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{
		Addr: address, Protocols: protocols, Handler: standin.Marked(http.HandlerFunc(a.grpc)), ReadHeaderTimeout: 10 * time.Second,
	}
	go func() { standin.Fail("error running Tempo: %v", server.ListenAndServe()) }()
}

func (a *api) grpc(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/grpc")
	code, message := codeOK, ""
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
		standin.Text(w, http.StatusUnsupportedMediaType, "invalid gRPC request content-type\n")
		return
	}
	if r.URL.Path != exportMethod {
		code, message = codeUnimplemented, "unknown service or method "+r.URL.Path
	} else if data, err := readFrame(r); err != nil {
		code, message = codeInvalid, err.Error()
	} else {
		code, message = a.take(decodeTraces(data))
	}
	if code == codeOK {
		// An empty answer, in gRPC's five bytes.
		w.Write(make([]byte, 5))
	} else {
		standin.Log("warn", "traces by gRPC refused: %s", message)
		w.Header().Set(http.TrailerPrefix+"Grpc-Message", message)
	}
	w.Header().Set(http.TrailerPrefix+"Grpc-Status", strconv.Itoa(code))
}

// readFrame reads the one message of a call.
func readFrame(r *http.Request) ([]byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(r.Body, head[:]); err != nil {
		return nil, fmt.Errorf("no message: %w", err)
	}
	size := binary.BigEndian.Uint32(head[1:])
	if size > maxBytes {
		return nil, fmt.Errorf("received message larger than max (%d vs. %d)", size, maxBytes)
	}
	var body io.Reader = io.LimitReader(r.Body, int64(size))
	if head[0] == 1 {
		return unpack(body, r.Header.Get("Grpc-Encoding"))
	}
	data := make([]byte, size)
	_, err := io.ReadFull(body, data)
	return data, err
}

func unpack(packed io.Reader, encoding string) ([]byte, error) {
	if encoding != "gzip" {
		return nil, fmt.Errorf("compression %q is not understood by this stand-in", encoding)
	}
	plain, err := gzip.NewReader(packed)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(plain, maxBytes))
}

// take keeps what was decoded, and returns gRPC's code and what is wrong.
func (a *api) take(batches []resourceSpans, err error) (int, string) {
	if err != nil {
		return codeInvalid, err.Error()
	}
	if err := a.store.push(batches); err != nil {
		return codeInternal, err.Error()
	}
	if a.generator != nil {
		a.generator.consume(batches)
	}
	return codeOK, ""
}

// otlpRoutes answers OTLP over HTTP, in JSON and in protobuf.
func (a *api) otlpRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", func(w http.ResponseWriter, r *http.Request) {
		kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
		if kind != "application/json" && kind != "application/x-protobuf" {
			standin.Text(w, http.StatusUnsupportedMediaType, "unsupported media type, supported: [application/json, application/x-protobuf]\n")
			return
		}
		code, message := a.take(readHTTP(r, kind))
		answers := map[int]int{codeOK: http.StatusOK, codeInvalid: http.StatusBadRequest, codeInternal: http.StatusInternalServerError}
		switch {
		case code != codeOK:
			standin.JSON(w, answers[code], map[string]any{"code": code, "message": message})
		case kind == "application/json":
			standin.JSON(w, http.StatusOK, map[string]any{"partialSuccess": map[string]any{}})
		default:
			// The empty message.
			w.Header().Set("Content-Type", kind)
		}
	})
	return mux
}

func readHTTP(r *http.Request, kind string) ([]resourceSpans, error) {
	data, err := io.ReadAll(io.LimitReader(r.Body, maxBytes))
	if encoding := r.Header.Get("Content-Encoding"); err == nil && encoding != "" {
		data, err = unpack(strings.NewReader(string(data)), encoding)
	}
	if err != nil {
		return nil, err
	}
	if kind != "application/json" {
		return decodeTraces(data)
	}
	var request struct {
		ResourceSpans []resourceSpans `json:"resourceSpans"`
	}
	if err := json.Unmarshal(data, &request); err != nil {
		return nil, errors.Join(errors.New("not OTLP in JSON"), err)
	}
	return request.ResourceSpans, nil
}
