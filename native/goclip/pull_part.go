package main

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/native/hub"
)

// parts are what --only takes.
var parts = []string{"image", "text"}

// imageTensors are the beginnings of the names of an image tower's tensors, in every kind of checkpoint.
var imageTensors = []string{"visual.", "vision_model.", "visual_projection.", "image_encoder."}

// otherTensors are those of neither tower: a decoder, and what turns a cosine into a logit.
var otherTensors = []string{"text_decoder.", "logit_", "temperature"}

// inPart reports whether a tensor belongs to a tower.
func inPart(tower, tensor string) bool {
	begins := func(list []string) bool {
		for _, beginning := range list {
			if strings.HasPrefix(tensor, beginning) {
				return true
			}
		}
		return false
	}
	return !begins(otherTensors) && begins(imageTensors) == (tower == "image")
}

// onlySafetensors reports whether the weights are one safetensors file, which comes last.
func onlySafetensors(files []hub.File) bool {
	n := 0
	for _, f := range files {
		if path.Ext(f.Path) == ".safetensors" {
			n++
		}
	}
	return n == 1 && path.Ext(files[len(files)-1].Path) == ".safetensors"
}

// fetchPart fetches one tower.
func (o *pulling) fetchPart(ctx context.Context, r *hub.Repository, small []hub.File, weights hub.File) (fetched, error) {
	folder, err := hub.Parts(r.Name, o.only)
	if err != nil {
		return fetched{}, err
	}
	result := fetched{Address: r.Name, Commit: r.Commit, Licence: r.Licence, Path: folder}
	if err := o.client.Copy(ctx, r, small, folder); err != nil {
		return fetched{}, err
	}
	wanted := func(tensor string) bool { return inPart(o.only, tensor) }
	err = o.client.FetchPart(ctx, r, weights, wanted, filepath.Join(folder, path.Base(weights.Path)), func(bytes int64) hub.Progress {
		result.Bytes = bytes
		o.announce(result, fmt.Sprintf("the %s tower, %s of %s", o.only, megabytes(bytes), megabytes(weights.Size)), bytes)
		return o.bytesBar(bytes, r.Name)
	})
	if err != nil {
		return fetched{}, err
	}
	return result, o.fetchTokenizer(ctx, folder)
}

// fetchedPart finds a tower that was fetched alone, the wanted one first.
func fetchedPart(repository string, towers core.Towers) (core.Location, bool) {
	order := parts
	if towers == core.TextTower {
		order = []string{"text", "image"}
	}
	for _, part := range order {
		folder, err := hub.Parts(repository, part)
		if err != nil {
			return core.Location{}, false
		}
		if hub.HasWeights(folder) {
			return located(folder)
		}
	}
	return core.Location{}, false
}
