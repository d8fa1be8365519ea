package core_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/core/embedded"
	"github.com/goclip/goclip/kernels/simd"
)

// Labels a picture with the model that goclip carries. core.Open opens one on disk in the same way.
func Example() {
	ctx := context.Background()
	device := simd.New(simd.Options{})
	defer device.Close()
	model, err := core.OpenFS(ctx, embedded.Model(), core.Options{Device: device})
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()

	data, err := os.ReadFile("embedded/examples/dog.png")
	if err != nil {
		log.Fatal(err)
	}
	picture, err := core.DecodeImage(data)
	if err != nil {
		log.Fatal(err)
	}
	classifier, err := model.Classifier(ctx, []string{"pizza", "dog", "car"}, nil)
	if err != nil {
		log.Fatal(err)
	}
	scores, err := classifier.Classify(ctx, []*core.Image{picture.Upright()})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s, %.0f %%\n", scores[0][0].Label, 100*scores[0][0].Probability)
	// Output: dog, 97 %
}
