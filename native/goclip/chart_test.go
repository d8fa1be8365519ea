package main

import (
	"strings"
	"testing"

	"github.com/goclip/goclip/core"
	"github.com/rivo/uniseg"
	"github.com/stretchr/testify/require"
)

func TestChartIsAligned(t *testing.T) {
	labels := []string{"dog", "日本語", "a label that is far too long for a terminal of this width", "tab\there"}
	scores := []core.Score{
		{Label: labels[0], Probability: 1}, {Label: labels[1], Probability: 0.5}, {Label: labels[2], Probability: 0.013},
		{Label: labels[3], Probability: 0},
	}
	for _, width := range []int{30, 60, 80, 200} {
		lines := strings.Split(strings.TrimSuffix(newChart(labels, width, false).draw("a.png", scores, 3), "\n"), "\n")
		require.Len(t, lines, 6)
		require.Equal(t, "a.png", lines[0])
		for _, line := range lines[1:5] {
			require.Equal(t, uniseg.StringWidth(lines[1]), uniseg.StringWidth(line), "%q", line)
			require.LessOrEqual(t, uniseg.StringWidth(line), width)
		}
		require.Contains(t, lines[1], "100.0 %")
		require.Contains(t, lines[2], " 50.0 %")
		require.Equal(t, "  and 3 more (--top 7 shows all)", lines[5])
	}
}

func TestChartInColor(t *testing.T) {
	scores := []core.Score{{Label: "dog", Probability: 0.9}, {Label: "car", Probability: 0.1}}
	colored := newChart([]string{"dog", "car"}, 80, true).draw("a.png", scores, 0)
	plain := newChart([]string{"dog", "car"}, 80, false).draw("a.png", scores, 0)
	require.NotContains(t, plain, "\x1b")
	require.Equal(t, plain, strings.NewReplacer(bold, "", green, "", faint, "", reset, "").Replace(colored))
	require.Equal(t, strings.Count(colored, reset), strings.Count(colored, bold)+strings.Count(colored, green)+strings.Count(colored, faint))
}

func TestBlocks(t *testing.T) {
	require.Equal(t, "", blocks(0, 10))
	require.Equal(t, "", blocks(-1, 10))
	require.Equal(t, "█████", blocks(0.5, 10))
	require.Equal(t, "▏", blocks(1.0/80, 10))
	require.Equal(t, "█▌", blocks(0.15, 10))
	require.Equal(t, strings.Repeat("█", 10), blocks(7, 10))
}

func TestShownHasNoControlCharacters(t *testing.T) {
	require.Equal(t, `a\x1b[2J\x0ab\x9bc`, shown("a\x1b[2J\nb\u009bc"))
	require.Equal(t, "日本 é", shown("日本 é"))
}
