// Goclip classifies, embeds and compares pictures and texts with CLIP models, on the command line.
//
//	goclip classify --labels cat,dog photos/
//
// Every command explains itself: goclip help, goclip classify --help.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/goclip/goclip/native/output"
)

// Exit statuses.
const (
	allDone     = 0
	someFailed  = 1   // some inputs failed, the others were done
	notStarted  = 2   // wrong usage, or nothing could start
	interrupted = 130 // as shells call the end by Ctrl-C
	unread      = 141 // as shells call the end by a closed pipe
)

// errSomeFailed ends a command whose failures have been named one by one.
var errSomeFailed = errors.New("some inputs failed")

var errInterrupted = errors.New("interrupted")

// grace is how long a command may take to end by itself after Ctrl-C.
const grace = 600 * time.Millisecond

func main() {
	// A reader that goes away (| head) shall be an error like others, so that no temporary file is left behind.
	signal.Ignore(syscall.SIGPIPE)
	p := &program{out: bufio.NewWriter(os.Stdout)}
	err := rootCommand(p).ExecuteContext(interruptible())
	os.Exit(p.finish(err))
}

// interruptible gives a context that ends with Ctrl-C. A command that does not come to its end then is cut off, without
// its half-written files; so is one at a second Ctrl-C.
func interruptible() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		<-signals
		cancel(errInterrupted)
		select {
		case <-signals:
		case <-time.After(grace):
		}
		output.Abandon()
		fmt.Fprintln(os.Stderr, "goclip: interrupted")
		os.Exit(interrupted)
	}()
	return ctx
}

// finish writes what is still to be written and gives the exit status.
func (p *program) finish(err error) int {
	p.bar.stop()
	if flushed := p.out.Flush(); err == nil && flushed != nil {
		err = fmt.Errorf("cannot write the results: %w", flushed)
	}
	switch {
	case err == nil:
		return allDone
	case errors.Is(err, errSomeFailed):
		return someFailed
	case errors.Is(err, errNothing):
		return notStarted
	case errors.Is(err, syscall.EPIPE):
		output.Abandon()
		return unread
	case errors.Is(err, context.Canceled), errors.Is(err, errInterrupted):
		output.Abandon()
		fmt.Fprintln(os.Stderr, "goclip: interrupted")
		return interrupted
	}
	fmt.Fprintf(os.Stderr, "goclip: %s\n", reason(err))
	return notStarted
}
