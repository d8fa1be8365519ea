// Compare prints rows of goclip bench --json beside stored ones, as ratios: above 1 is faster than then.
//
//	goclip bench --arch ViT-B/32 --json | compare rows.jsonl
//
// Rows belong together that have the same model, device (its level, threads and precision are in its name), tower and batch. The
// second ratio, of the shares of the machine's own ceiling, is the one to look at on another machine.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// key is what a row is about, row what was measured.
type key struct {
	Model  string `json:"model"`
	Device string `json:"device"`
	Tower  string `json:"tower"`
	Batch  int    `json:"batch"`
}

type row struct {
	key
	Millis float64 `json:"ms"`
	Share  float64 `json:"ceiling_share"`
}

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

func run(arguments []string, in io.Reader, out io.Writer) error {
	if len(arguments) != 1 {
		return errors.New("usage: compare STORED.jsonl < ROWS.jsonl")
	}
	file, err := os.Open(arguments[0])
	if err != nil {
		return err
	}
	defer file.Close()
	stored := map[key]row{}
	if err := each(file, func(r row) { stored[r.key] = r }); err != nil {
		return fmt.Errorf("%s: %w", arguments[0], err)
	}
	fmt.Fprintf(out, "%-6s %6s %10s %10s %6s %8s %8s %6s  %s\n", "tower", "batch", "ms", "stored", "ratio", "share", "stored", "ratio", "device")
	return each(in, func(r row) {
		fmt.Fprintf(out, "%-6s %6d %10.2f ", r.Tower, r.Batch, r.Millis)
		if s, ok := stored[r.key]; ok {
			fmt.Fprintf(out, "%10.2f %6.2f %6.1f %% %6.1f %% %6.2f", s.Millis, s.Millis/r.Millis, 100*r.Share, 100*s.Share, r.Share/s.Share)
		} else {
			fmt.Fprintf(out, "%10s %6s %6.1f %% %8s %6s", "none", "", 100*r.Share, "", "")
		}
		fmt.Fprintf(out, "  %s\n", r.Device)
	})
}

// each reads rows, one a line. Other objects, as those of --stages, are left out.
func each(in io.Reader, take func(row)) error {
	lines := bufio.NewScanner(in)
	for n := 1; lines.Scan(); n++ {
		var r row
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if r.Tower != "" && r.Millis > 0 {
			take(r)
		}
	}
	return lines.Err()
}
