package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/goclip/goclip/core"
	"github.com/rivo/uniseg"
)

// barsShown is how many labels a terminal gets unless the user says how many.
const barsShown = 10

// chart draws a picture's labels as bars.
type chart struct {
	width  int // of the terminal, in columns
	labels int // columns that labels have
	color  bool
}

// The columns of a line beside the label and the bar, and the least and most that a bar gets.
const (
	indent     = 2
	percent    = len(" 100.0 %")
	leastBar   = 8
	longestBar = 60
)

// newChart lays out a chart for labels, so that the bars of all pictures begin in the same column.
func newChart(labels []string, width int, color bool) chart {
	c := chart{width: width, color: color}
	for _, label := range labels {
		c.labels = max(c.labels, uniseg.StringWidth(shown(label)))
	}
	c.labels = max(1, min(c.labels, width*2/5, width-indent-percent-leastBar-2))
	return c
}

// The colours, as ANSI sequences.
const (
	bold  = "\x1b[1m"
	green = "\x1b[32m"
	faint = "\x1b[2m"
	reset = "\x1b[0m"
)

// eighths of a block, from left to right.
var eighths = []string{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"}

// draw gives the picture's name and a line a label: the label, its bar and its probability. A full bar is a probability
// of one. left is how many labels are not among the scores.
func (c chart) draw(image string, scores []core.Score, left int) string {
	width := min(longestBar, max(leastBar, c.width-indent-c.labels-1-percent-1))
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", c.paint(bold, image))
	for i, s := range scores {
		label := cut(shown(s.Label), c.labels)
		label += strings.Repeat(" ", c.labels-uniseg.StringWidth(label))
		bar := blocks(s.Probability, width)
		padding := strings.Repeat(" ", width-uniseg.StringWidth(bar))
		value := fmt.Sprintf("%5.1f %%", 100*s.Probability)
		style := ""
		if i == 0 {
			style = bold
		}
		fmt.Fprintf(&b, "%s%s %s%s %s\n", strings.Repeat(" ", indent), c.paint(style, label), c.paint(green, bar), padding, c.paint(style, value))
	}
	if left > 0 {
		fmt.Fprintf(&b, "%s%s\n", strings.Repeat(" ", indent), c.paint(faint, fmt.Sprintf("and %d more (--top %d shows all)", left, left+len(scores))))
	}
	return b.String()
}

func (c chart) paint(style, text string) string {
	if !c.color || style == "" || text == "" {
		return text
	}
	return style + text + reset
}

// blocks is a bar as long as a share of the width, to an eighth of a column.
func blocks(share float64, width int) string {
	n := int(math.Round(max(0, min(1, share)) * float64(width) * 8))
	return strings.Repeat("█", n/8) + eighths[n%8]
}

// cut shortens a text to a number of columns.
func cut(text string, width int) string {
	if uniseg.StringWidth(text) <= width {
		return text
	}
	var b strings.Builder
	used := 1 // the ellipsis
	for clusters := uniseg.NewGraphemes(text); clusters.Next(); {
		if used += clusters.Width(); used > width {
			break
		}
		b.WriteString(clusters.Str())
	}
	return b.String() + "…"
}
