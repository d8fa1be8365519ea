package gpu

import (
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"github.com/goclip/goclip/kernels/webgpu"
	"github.com/goclip/goclip/native/output"
)

// known is what the cache folder remembers of this machine. All of it can be found out again, so that a file that cannot be read
// or written is no failure.
type known struct {
	Tiles    map[string]webgpu.Tiles `json:"tiles"`    // by adapterKey
	Verdicts map[string]judgement    `json:"verdicts"` // by the name of the device that the GPU was compared with
}

// judgement says whether to take the GPU unasked.
type judgement struct {
	Take    bool      `json:"take"`
	Adapter string    `json:"adapter"` // adapterKey of the GPU; empty if none could be opened
	Reason  string    `json:"reason"`
	Until   time.Time `json:"until"`
}

// verdict is what is known about the GPU beside a device, if it still holds. None holds for longer than it was made for.
func (k known) verdict(cpu string, now time.Time) (judgement, bool) {
	v, ok := k.Verdicts[cpu]
	return v, ok && now.Before(v.Until) && v.Until.Sub(now) <= verdictHolds
}

// memoryFile is where it is: gpu.json in goclip's folder of the user's cache.
func memoryFile() (string, error) {
	folder, err := os.UserCacheDir()
	return filepath.Join(folder, "goclip", "gpu.json"), err
}

func remember() known {
	var k known
	if path, err := memoryFile(); err == nil {
		if data, err := os.ReadFile(path); err == nil && json.Unmarshal(data, &k) != nil {
			k = known{}
		}
	}
	if k.Tiles == nil {
		k.Tiles = map[string]webgpu.Tiles{}
	}
	if k.Verdicts == nil {
		k.Verdicts = map[string]judgement{}
	}
	return k
}

// keep writes the file at once or not at all.
func (k known) keep() {
	path, err := memoryFile()
	if err != nil || os.MkdirAll(filepath.Dir(path), 0o755) != nil {
		return
	}
	data, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return
	}
	_ = output.WriteFile(path, func(f *output.File) error {
		_, err := f.WriteAt(append(data, '\n'), 0)
		return err
	})
}
