package pictures

import (
	"context"
	"time"
)

// Result is what became of one picture.
type Result[T any] struct {
	Source Source
	Value  T
	Err    error
}

// Stream reads pictures and turns each into a T, with so many goroutines. Results come in the order of the sources, and
// at most ahead of them wait to be taken. The channel closes after the last one, or when ctx ends.
func Stream[T any](ctx context.Context, sources []Source, workers, ahead int, decode func(data []byte) (T, error)) <-chan Result[T] {
	type job struct {
		source Source
		done   chan Result[T]
	}
	jobs := make(chan job)
	order := make(chan chan Result[T], ahead)
	results := make(chan Result[T])
	go func() {
		defer close(order)
		defer close(jobs)
		for _, source := range sources {
			j := job{source, make(chan Result[T], 1)}
			select {
			case order <- j.done:
			case <-ctx.Done():
				return
			}
			select {
			case jobs <- j:
			case <-ctx.Done():
				return
			}
		}
	}()
	for range workers {
		go func() {
			for j := range jobs {
				r := Result[T]{Source: j.source}
				var data []byte
				if data, r.Err = j.source.Read(ctx); r.Err == nil {
					r.Value, r.Err = decode(data)
				}
				j.done <- r
			}
		}()
	}
	go func() {
		defer close(results)
		for done := range order {
			select {
			case r := <-done:
				select {
				case results <- r:
				case <-ctx.Done():
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return results
}

// Batches groups results: full batches while pictures come fast, and whatever there is when none came for a while, so
// that one slow picture does not hold back the others. The batch is used again for the next call of use.
func Batches[T any](results <-chan Result[T], size int, wait time.Duration, use func(batch []Result[T]) error) error {
	batch := make([]Result[T], 0, size)
	for {
		r, more := <-results
		if !more {
			return nil
		}
		batch = append(batch[:0], r)
		patience := time.NewTimer(wait)
	filling:
		for len(batch) < size {
			select {
			case r, more := <-results:
				if !more {
					break filling
				}
				batch = append(batch, r)
				patience.Reset(wait)
			case <-patience.C:
				break filling
			}
		}
		patience.Stop()
		if err := use(batch); err != nil {
			return err
		}
		clear(batch)
	}
}
