//go:build js && wasm

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall/js"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/kernels"
)

// The codes of errors. README.md says what each means.
const (
	codeAborted     = "aborted"
	codeArgument    = "invalid-argument"
	codeDeviceLost  = "device-lost"
	codeDisposed    = "disposed"
	codeInternal    = "internal"
	codeModel       = "invalid-model"
	codeNetwork     = "network"
	codeNoTower     = "no-tower"
	codeNotFound    = "not-found"
	codeNotImage    = "not-image"
	codeQuota       = "quota"
	codeTooLarge    = "too-large"
	codeUnsupported = "unsupported"
	codeFailed      = "failed"
)

// failure is an error whose code is known where it arises.
type failure struct {
	code string
	err  error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func failuref(code, format string, args ...any) error {
	return &failure{code, fmt.Errorf("wasm: "+format, args...)}
}

// sentinels are the errors of other packages that have a code.
var sentinels = []struct {
	err  error
	code string
}{
	{context.Canceled, codeAborted},
	{core.ErrNotImage, codeNotImage},
	{core.ErrTooLarge, codeTooLarge},
	{kernels.ErrTooLarge, codeTooLarge},
	{core.ErrUnsupported, codeUnsupported},
	{core.ErrUnsupportedModel, codeUnsupported},
	{core.ErrNoTower, codeNoTower},
	{kernels.ErrDeviceLost, codeDeviceLost},
	{core.ErrNotFound, codeNotFound},
	{fs.ErrNotExist, codeNotFound},
}

// codeOf finds an error's code; otherwise is for errors that have none.
func codeOf(err error, otherwise string) string {
	var f *failure
	if errors.As(err, &f) {
		return f.code
	}
	for _, s := range sentinels {
		if errors.Is(err, s.err) {
			return s.code
		}
	}
	return otherwise
}

// errorObject is the JavaScript Error for an error. What a callback of the caller threw goes back to it unchanged.
func errorObject(err error) js.Value {
	var thrown js.Error
	if errors.As(err, &thrown) && codeOf(err, "") == "" {
		return thrown.Value
	}
	object := js.Global().Get("Error").New(err.Error())
	object.Set("name", "ClipError")
	object.Set("code", codeOf(err, codeFailed))
	return object
}
