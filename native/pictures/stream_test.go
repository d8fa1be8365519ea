package pictures

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// numbered makes files that hold their number.
func numbered(t *testing.T, n int) []Source {
	t.Helper()
	folder := t.TempDir()
	for i := range n {
		require.NoError(t, os.WriteFile(filepath.Join(folder, fmt.Sprintf("%04d.png", i)), fmt.Append(nil, i), 0o666))
	}
	list, err := Expand([]string{folder})
	require.NoError(t, err)
	require.Len(t, list, n)
	return list
}

func TestStreamKeepsTheOrder(t *testing.T) {
	sources := numbered(t, 100)
	decode := func(data []byte) (string, error) {
		if string(data) == "42" {
			return "", errors.New("not this one")
		}
		if data[0] == '1' {
			time.Sleep(2 * time.Millisecond)
		}
		return string(data), nil
	}
	i := 0
	for r := range Stream(t.Context(), sources, 4, 8, decode) {
		require.Equal(t, sources[i], r.Source)
		if i == 42 {
			require.EqualError(t, r.Err, "not this one")
		} else {
			require.NoError(t, r.Err)
			require.Equal(t, fmt.Sprint(i), r.Value)
		}
		i++
	}
	require.Equal(t, 100, i)
}

// A consumer that does not come keeps the readers from going on: memory is bounded.
func TestStreamDoesNotRunAhead(t *testing.T) {
	const workers, ahead = 3, 5
	var decoded atomic.Int64
	results := Stream(t.Context(), numbered(t, 100), workers, ahead, func([]byte) (int, error) {
		decoded.Add(1)
		return 0, nil
	})
	time.Sleep(50 * time.Millisecond)
	// In the queue, in the hands of the workers, and one on its way out.
	require.LessOrEqual(t, decoded.Load(), int64(workers+ahead+2))
	n := 0
	for range results {
		n++
	}
	require.Equal(t, 100, n)
}

func TestStreamEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	block := make(chan struct{})
	defer close(block)
	results := Stream(ctx, numbered(t, 10), 2, 2, func([]byte) (int, error) { <-block; return 0, nil })
	cancel()
	select {
	case _, more := <-results:
		require.False(t, more)
	case <-time.After(5 * time.Second):
		t.Fatal("the stream goes on")
	}
}

func TestBatches(t *testing.T) {
	results := make(chan Result[int])
	slow := make(chan struct{})
	go func() {
		defer close(results)
		for i := range 7 {
			results <- Result[int]{Value: i}
		}
		<-slow // the first three batches are there before the next picture comes
		results <- Result[int]{Value: 7}
	}()
	var sizes []int
	next := 0
	err := Batches(results, 3, 20*time.Millisecond, func(batch []Result[int]) error {
		sizes = append(sizes, len(batch))
		for _, r := range batch {
			require.Equal(t, next, r.Value)
			next++
		}
		if next == 7 {
			close(slow)
		}
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []int{3, 3, 1, 1}, sizes)
}

func TestBatchesStopsAtAnError(t *testing.T) {
	results := make(chan Result[int], 9)
	for i := range 9 {
		results <- Result[int]{Value: i}
	}
	calls := 0
	err := Batches(results, 2, time.Second, func([]Result[int]) error { calls++; return errors.New("full") })
	require.EqualError(t, err, "full")
	require.Equal(t, 1, calls)
}
