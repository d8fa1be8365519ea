//go:build js && wasm

package main

import "testing"

func TestSharedFolder(t *testing.T) {
	for _, c := range []struct {
		paths []string
		want  string
	}{
		{[]string{"a.json", "b.json"}, ""},
		{[]string{"model/a.json", "model/b.json"}, "model"},
		{[]string{"model/a.json", "model/onnx/b.json"}, "model"},
		{[]string{"models/x/a.json", "models/xy/b.json"}, "models"},
		{[]string{"x/a.json", "b.json"}, ""},
	} {
		if got := sharedFolder(c.paths); got != c.want {
			t.Errorf("%v: %q, want %q", c.paths, got, c.want)
		}
	}
}

func TestIsCheckpoint(t *testing.T) {
	for name, want := range map[string]bool{
		"/m/model.safetensors": true, "/m/ViT-B-32.pt": true, "/m/pytorch_model.bin.index.json": true,
		"/m/": false, "/m/clip-vit-base-patch32": false, "/m/config.json": false,
	} {
		if isCheckpoint(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

func TestEscape(t *testing.T) {
	for name, want := range map[string]string{"a/b.json": "./a/b.json", "a b?#.json": "./a%20b%3F%23.json", "https:x": "./https%3Ax"} {
		if got := escape(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
