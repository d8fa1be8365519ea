package tower

import (
	"fmt"
	"slices"
)

// Convolutional towers have stages: blocks of equal width, each stage with half the side of the one before it.

// shrinking is how many pixels along a side become one of the last feature map, where there are four stages behind a
// stem that shrinks by four.
const shrinking = 32

// checkDepths checks the number of blocks of each stage.
func checkDepths(depths []int) error {
	for i, n := range depths {
		if err := between(fmt.Sprintf("the number of blocks of stage %d", i), n, 1, maxLayers); err != nil {
			return err
		}
	}
	return nil
}

// checkWidths checks the number of channels of each stage, one for each of so many.
func checkWidths(widths []int, stages int) error {
	if len(widths) != stages {
		return fmt.Errorf("tower: %d widths for %d stages", len(widths), stages)
	}
	for i, n := range widths {
		if err := between(fmt.Sprintf("the width of stage %d", i), n, 1, maxWidth); err != nil {
			return err
		}
	}
	return nil
}

// staged completes the summary of a tower with stages.
func (s Summary) staged(widths, depths []int) Summary {
	s.Widths, s.Depths = slices.Clone(widths), slices.Clone(depths)
	if len(widths) > 0 {
		s.Width = widths[len(widths)-1]
	}
	for _, n := range depths {
		s.Layers += n
	}
	return s
}
