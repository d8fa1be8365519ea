//go:build js && wasm

package main

import (
	"image"
	"os"
	"syscall/js"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/core/preprocess"
)

// largestImageFile bounds the bytes of an encoded picture.
const largestImageFile = 512 << 20

// readImage decodes what stands for a picture: a Blob or File, the bytes of a file, an address, or ImageData. Files are
// turned upright, as a viewer shows them.
func readImage(v js.Value) (*core.Image, error) {
	if isA(v, "ImageData") {
		return fromImageData(v)
	}
	data, err := imageFile(v)
	if err != nil {
		return nil, err
	}
	picture, err := core.DecodeImage(data)
	if err != nil {
		return nil, err
	}
	return picture.Upright(), nil
}

// imageFile reads the bytes of an encoded picture.
func imageFile(v js.Value) ([]byte, error) {
	var err error
	switch {
	case v.Type() == js.TypeString && isPath(v.String()):
		return os.ReadFile(v.String())
	case v.Type() == js.TypeString || isA(v, "URL"):
		url, err := parseURL(address(v))
		if err != nil {
			return nil, err
		}
		response, err := fetch(url, js.Undefined())
		if err != nil {
			return nil, err
		}
		if v, err = await(response.Call("blob")); err != nil {
			return nil, broken(url, js.Undefined(), err)
		}
	case isA(v, "Blob"), isBytes(v):
	default:
		return nil, failuref(codeArgument, "a picture must be a Blob, a File, the bytes of a file, an address or ImageData")
	}
	if !isBytes(v) {
		if size := v.Get("size").Float(); size > largestImageFile {
			return nil, failuref(codeTooLarge, "the picture's file has %.0f bytes; %d are allowed", size, largestImageFile)
		}
		if v, err = await(v.Call("arrayBuffer")); err != nil {
			return nil, failuref(codeNotFound, "the browser cannot read the picture's file: %w", err)
		}
	}
	data := make([]byte, min(v.Get("byteLength").Int(), largestImageFile+1))
	if len(data) > largestImageFile {
		return nil, failuref(codeTooLarge, "the picture's file has more than the %d bytes that are allowed", largestImageFile)
	}
	copyBytes(data, v)
	return data, nil
}

// fromImageData takes pixels that a canvas gave: 8 bits each of red, green, blue and alpha.
func fromImageData(v js.Value) (*core.Image, error) {
	data := v.Get("data")
	if !isA(data, "Uint8ClampedArray") {
		return nil, failuref(codeUnsupported, "ImageData must hold 8-bit pixels")
	}
	width, height := v.Get("width").Int(), v.Get("height").Int()
	pixels := make([]byte, data.Length())
	if len(pixels) != 4*width*height {
		return nil, failuref(codeArgument, "ImageData of %d x %d pixels has %d bytes", width, height, len(pixels))
	}
	copyBytes(pixels, data)
	return preprocess.FromImage(&image.NRGBA{Pix: pixels, Stride: 4 * width, Rect: image.Rect(0, 0, width, height)})
}
