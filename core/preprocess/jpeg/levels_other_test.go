//go:build !js && (!amd64 || purego)

package jpeg

import "testing"

func eachLevel(t *testing.T, test func(t *testing.T)) { t.Run("generic", test) }
