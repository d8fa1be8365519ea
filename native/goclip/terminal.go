package main

import (
	"os"
	"runtime"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// columns is the width of the terminal behind standard output.
func columns() int {
	if width, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil && width > 0 {
		return width
	}
	return 80
}

// colors reports whether standard output shows colours and is wanted to (https://no-color.org).
func colors() bool {
	if !isTerminal(os.Stdout) || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	return runtime.GOOS != "windows" || os.Getenv("WT_SESSION") != "" || os.Getenv("TERM") != ""
}

// progress is a bar on standard error. A nil one shows nothing.
type progress struct{ *progressbar.ProgressBar }

// manyPictures are worth a bar.
const manyPictures = 10

// picturesBar shows how many pictures are done, if results do not show it: they do when they go to the terminal.
func (p *program) picturesBar(total int, resultsElsewhere bool) {
	if total >= manyPictures && (resultsElsewhere || !isTerminal(os.Stdout)) {
		p.startBar(total, "pictures")
	}
}

func (p *program) startBar(total int, what string) {
	if p.quiet || !isTerminal(os.Stderr) {
		return
	}
	p.bar = &progress{progressbar.NewOptions(total,
		progressbar.OptionSetWriter(os.Stderr),
		progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(),
		progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)}
}

// bytesBar shows how much of a download is there.
func (p *program) bytesBar(total int64, what string) func(bytes int64) {
	if p.quiet || !isTerminal(os.Stderr) {
		return nil
	}
	bar := progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(os.Stderr),
		progressbar.OptionSetDescription(shown(what)),
		progressbar.OptionShowBytes(true),
		progressbar.OptionSetWidth(20),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)
	p.bar = &progress{bar}
	return func(n int64) { bar.Add64(n) }
}

// patience is how long a model may load without a bar.
const patience = 500 * time.Millisecond

// loading shows how far a large model is loaded.
func (p *program) loading(name string) func(loaded, total int) {
	start := time.Now()
	return func(loaded, total int) {
		if p.bar == nil && time.Since(start) > patience {
			p.startBar(total, "loading "+shown(name))
		}
		p.bar.set(loaded)
	}
}

func (b *progress) set(n int) {
	if b != nil {
		b.Set(n)
	}
}

func (b *progress) add() {
	if b != nil {
		b.Add(1)
	}
}

func (b *progress) clear() {
	if b != nil {
		b.Clear()
	}
}

func (b *progress) stop() {
	if b != nil {
		b.Finish()
	}
}
