// Fittoring plays the application of an application host: it logs, answers and is configured like a Spring Boot service.
package main

import (
	"context"
	"fmt"
	"math/rand"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	logFolder = "logs"
	envFile   = ".env"
	httpPort  = ":8081"
	httpsPort = ":8443"
)

func main() {
	env, err := readEnv(envFile)
	if err != nil {
		fmt.Fprintln(os.Stderr, "fittoring:", err)
		os.Exit(1)
	}
	app := &application{env: env, started: time.Now()}
	ended, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	rotate := make(chan os.Signal, 1)
	signal.Notify(rotate, syscall.SIGUSR1)

	journal, err := openJournal(logFolder)
	if err != nil {
		fmt.Fprintln(os.Stderr, "fittoring:", err)
		os.Exit(1)
	}
	app.serve()
	for {
		select {
		case <-ended.Done():
			return
		case <-rotate:
			err = journal.rotate()
		case <-time.After(time.Second + time.Duration(rand.Intn(800))*time.Millisecond):
			err = journal.write(app.nextEvent())
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "fittoring:", err)
		}
	}
}
