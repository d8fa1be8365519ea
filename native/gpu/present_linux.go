package gpu

import "path/filepath"

// present looks for the files through which Linux drives GPUs (Mesa's, NVIDIA's, Windows' in WSL). Where there are none, starting
// a graphics library would take a moment, and some of them then complain on standard error.
func present() bool {
	for _, pattern := range []string{"/dev/dri/renderD*", "/dev/nvidia[0-9]*", "/dev/dxg"} {
		if found, err := filepath.Glob(pattern); err == nil && len(found) > 0 {
			return true
		}
	}
	return false
}
