package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

type application struct {
	env      map[string]string
	started  time.Time
	sequence atomic.Int64

	mutex   sync.Mutex
	handled map[string]int
}

func (app *application) count(e event) {
	app.mutex.Lock()
	defer app.mutex.Unlock()
	if app.handled == nil {
		app.handled = map[string]int{}
	}
	path, _, _ := strings.Cut(e.URI, "?")
	app.handled[fmt.Sprintf(`method=%q,status="%d",uri=%q`, e.Method, e.Status, path)]++
}

func (app *application) serve() {
	mux := http.NewServeMux()
	mux.HandleFunc("/prometheus-provider", app.metrics)
	mux.HandleFunc("/healthcheck", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"status":"UP"}`)
	})
	go func() { end(http.ListenAndServe(httpPort, mux)) }()
	go func() {
		certificate, err := selfSigned()
		if err != nil {
			end(err)
		}
		config := &tls.Config{Certificates: []tls.Certificate{certificate}}
		end((&http.Server{Addr: httpsPort, Handler: mux, TLSConfig: config}).ListenAndServeTLS("", ""))
	}()
}

func end(err error) {
	fmt.Fprintln(os.Stderr, "fittoring:", err)
	os.Exit(1)
}

func (app *application) metrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	fmt.Fprintln(w, "# TYPE jvm_memory_used_bytes gauge")
	fmt.Fprintf(w, "jvm_memory_used_bytes{area=\"heap\",id=\"G1 Eden Space\"} %d\n", memory.HeapInuse)
	fmt.Fprintln(w, "# TYPE process_uptime_seconds gauge")
	fmt.Fprintf(w, "process_uptime_seconds %.3f\n", time.Since(app.started).Seconds())
	fmt.Fprintln(w, "# HELP fittoring_env_info What the application read in its .env at its start.")
	fmt.Fprintln(w, "# TYPE fittoring_env_info gauge")
	fmt.Fprintf(w, "fittoring_env_info{tracing=%q,tempo=%q,db_tracing=%q,entries=\"%d\"} 1\n", app.env["TRACING_ENABLE"],
		app.env["TEMPO_GRPC_LISTENER_URL"], app.env["DB_TRACING_ENABLE"], len(app.env))
	app.mutex.Lock()
	defer app.mutex.Unlock()
	fmt.Fprintln(w, "# TYPE http_server_requests_seconds summary")
	for labels, n := range app.handled {
		fmt.Fprintf(w, "http_server_requests_seconds_count{%s} %d\n", labels, n)
		fmt.Fprintf(w, "http_server_requests_seconds_sum{%s} %.3f\n", labels, float64(n)*0.012)
	}
}

// selfSigned is a certificate that nobody trusts: enough to scrape with verification off.
func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	host, err := os.Hostname()
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
