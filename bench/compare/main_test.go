package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRatios(t *testing.T) {
	stored := filepath.Join(t.TempDir(), "rows.jsonl")
	require.NoError(t, os.WriteFile(stored, []byte(`{"model":"M","device":"cpu (a)","tower":"image","batch":8,"ms":50,"ceiling_share":0.8}
{"model":"M","stage":"decode","batch":1,"ms":3}
`), 0o600))
	var out strings.Builder
	require.NoError(t, run([]string{stored}, strings.NewReader(`{"model":"M","device":"cpu (a)","tower":"image","batch":8,"ms":40,"ceiling_share":0.88}
{"model":"M","device":"cpu (b)","tower":"image","batch":8,"ms":40,"ceiling_share":0.88}
`), &out))
	lines := strings.Split(out.String(), "\n")
	require.Len(t, lines, 4)
	require.Equal(t, []string{"image", "8", "40.00", "50.00", "1.25", "88.0", "%", "80.0", "%", "1.10", "cpu", "(a)"}, strings.Fields(lines[1]))
	require.Equal(t, []string{"image", "8", "40.00", "none", "88.0", "%", "cpu", "(b)"}, strings.Fields(lines[2]), "another level")

	require.ErrorContains(t, run([]string{stored}, strings.NewReader("{}\nnot JSON\n"), &out), "line 2")
	require.ErrorContains(t, run(nil, nil, &out), "usage")
	require.Error(t, run([]string{stored + ".gone"}, nil, &out))
}
