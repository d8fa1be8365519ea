//go:build unix

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/goclip/goclip/internal/oracle"
	"github.com/stretchr/testify/require"
)

// Ctrl-C, and the end of the terminal, end a command and leave no file, whatever the command waits for. The program cuts
// itself off after a grace of less than a second; here it only must not hang, for machines may be busy.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	pictures := pictureFolder(t, 300)
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(silent.Close)
	for name, c := range map[string]struct {
		signal    os.Signal
		format    string
		arguments []string
	}{
		"computing":      {os.Interrupt, "npy", []string{"--device", "reference", pictures}},
		"reading stdin":  {os.Interrupt, "safetensors", []string{"--texts-file", "-"}},
		"waiting online": {os.Interrupt, "jsonl", []string{silent.URL + "/picture.png"}},
		"terminal gone":  {syscall.SIGHUP, "npy", []string{"--device", "reference", pictures}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			stdin, w, err := os.Pipe()
			require.NoError(t, err)
			defer stdin.Close()
			defer w.Close()
			var stderr bytes.Buffer
			command := exec.Command(goclip, append([]string{"embed", "--format", c.format, "-o", filepath.Join(folder, "out")}, c.arguments...)...)
			command.Stdin, command.Stderr = stdin, &stderr
			require.NoError(t, command.Start())
			require.Eventually(t, func() bool { return len(filesIn(t, folder)) > 0 }, 20*time.Second, 5*time.Millisecond, "no temporary file appears")
			time.Sleep(100 * time.Millisecond)
			require.NoError(t, command.Process.Signal(c.signal))
			start := time.Now()
			status := statusOf(t, command.Wait())
			require.Less(t, time.Since(start), 15*time.Second)
			require.Equal(t, 130, status, stderr.String())
			require.Equal(t, "goclip: interrupted\n", stderr.String())
			require.Empty(t, filesIn(t, folder))
		})
	}
}

// An interrupted pull leaves what it has for the next one, and nothing that could be taken for a model.
func TestInterruptedPull(t *testing.T) {
	t.Parallel()
	hub := published(t, "someone/model", "hf-clip-vit")
	begun := make(chan bool, 1)
	hub.Answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/model.safetensors" || r.Header.Get("Range") != "" {
			return false
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(hub.Files["model.safetensors"])))
		w.Write(hub.Files["model.safetensors"][:1000])
		w.(http.Flusher).Flush()
		begun <- true
		<-r.Context().Done()
		return true
	}
	cache := t.TempDir()
	command := exec.Command(goclip, "pull", "-q", "someone/model")
	command.Env = append(os.Environ(), "HF_ENDPOINT="+hub.URL, "HF_HOME="+cache, "HF_HUB_OFFLINE=")
	require.NoError(t, command.Start())
	<-begun
	time.Sleep(100 * time.Millisecond)
	require.NoError(t, command.Process.Signal(os.Interrupt))
	require.Equal(t, 130, statusOf(t, command.Wait()))
	blobs := filepath.Join(cache, "hub", "models--someone--model", "blobs")
	incomplete, err := filepath.Glob(filepath.Join(blobs, "*.incomplete"))
	require.NoError(t, err)
	require.Len(t, incomplete, 1)
	require.Len(t, read(t, incomplete[0]), 1000)
	r := online(t, hub, cache, []string{"HF_HUB_OFFLINE=1"}, "inspect", "-m", "someone/model")
	require.Contains(t, r.stderr, "goclip pull someone/model")

	require.Equal(t, 0, online(t, hub, cache, nil, "pull", "someone/model").status)
	require.Equal(t, 0, online(t, hub, cache, []string{"HF_HUB_OFFLINE=1"}, "inspect", "-m", "someone/model").status)
	requests := hub.Requests()
	require.Equal(t, "bytes=1000-", requests[len(requests)-1].Header.Get("Range"))
}

// A reader that goes away ends the command as it ends others, and no temporary file stays.
func TestReaderGoesAway(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	texts := write(t, t.TempDir(), "texts.txt", strings.Repeat("a dog\n", 600))
	r, w, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, r.Close())
	command := exec.Command(goclip, "embed", "--format", "npy", "--texts-file", texts)
	command.Env = append(os.Environ(), "TMPDIR="+folder)
	command.Stdout = w
	require.NoError(t, command.Start())
	require.NoError(t, w.Close())
	require.Equal(t, 141, statusOf(t, command.Wait()))
	require.Empty(t, filesIn(t, folder))
}

// Results come as soon as they are known: the first ones are there while the next picture has not been sent yet.
func TestResultsDoNotWaitForSlowPictures(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	picture := read(t, dog)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		<-release
		w.Write(picture)
	}))
	defer server.Close()
	command := exec.Command(goclip, "classify", "--labels", "dog,car", "--top", "1", dog, server.URL+"/late.png", car)
	out, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	lines := bufio.NewScanner(out)
	require.True(t, lines.Scan())
	require.Contains(t, lines.Text(), dog)
	close(release)
	require.True(t, lines.Scan())
	require.Contains(t, lines.Text(), "late.png")
	require.True(t, lines.Scan())
	require.Contains(t, lines.Text(), car)
	require.NoError(t, command.Wait())
}

// Memory does not grow with the number of pictures, and one that is broken among them costs nothing else.
func TestMemoryStaysFlat(t *testing.T) {
	t.Parallel()
	few, many := pictureFolder(t, 200), pictureFolder(t, 2000)
	broken := filepath.Join(many, "01234.png")
	require.NoError(t, os.WriteFile(broken, []byte("no picture"), 0o666))
	model := oracle.Path(t, "models", "hf-clip-vit")
	embed := func(folder string) (peak int64, r result) {
		out := filepath.Join(t.TempDir(), "out.npy")
		var stderr bytes.Buffer
		command := exec.Command(goclip, "embed", "-m", model, "-o", out, folder)
		command.Stderr = &stderr
		status := statusOf(t, command.Run())
		return peakMemory(command), result{status, string(read(t, out)[:128]), stderr.String()}
	}
	before, r := embed(few)
	require.Equal(t, 0, r.status)
	require.Contains(t, r.stdout, "(200, 40)")
	after, r := embed(many)
	require.Equal(t, 1, r.status)
	require.Contains(t, r.stdout, "(1999, 40)")
	require.Equal(t, 1, strings.Count(r.stderr, "01234.png"))
	require.Equal(t, 1, strings.Count(r.stderr, "\n"))
	t.Logf("peak memory: %d MiB for 200 pictures, %d MiB for 2000", before>>20, after>>20)
	require.Less(t, after, before+10<<20, "the prepared pictures alone would be 23 MiB")
}

// peakMemory is the largest resident size of a process that has ended, in bytes.
func peakMemory(c *exec.Cmd) int64 {
	peak := int64(c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
	if runtime.GOOS != "darwin" {
		peak <<= 10
	}
	return peak
}

// pictureFolder makes a folder of small pictures, each of its own noise.
func pictureFolder(t *testing.T, n int) string {
	t.Helper()
	folder := t.TempDir()
	random := rand.New(rand.NewPCG(1, 2))
	m := image.NewNRGBA(image.Rect(0, 0, 80, 60))
	encoder := png.Encoder{CompressionLevel: png.NoCompression}
	for i := range n {
		for j := range m.Pix {
			m.Pix[j] = byte(random.Uint32()) | byte(j%4/3*255)
		}
		var b bytes.Buffer
		require.NoError(t, encoder.Encode(&b, m))
		write(t, folder, fmt.Sprintf("%05d.png", i), b.String())
	}
	return folder
}
