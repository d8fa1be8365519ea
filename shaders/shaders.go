// Package shaders holds the WGSL of the webgpu device, one file an op.
//
// Every file is valid WGSL as it stands, so that editors and translators read it, and begins with the loop that it
// computes. What differs between pipelines is a constant that [Source] puts in as text: pipeline-overridable constants
// are not supported by every translator.
//
// # Why is activate in four files?
//
// WGSL has no include, and a file put together from two would be valid only after that. A test keeps the copies equal.
//
// # Why is there no embed?
//
// The device looks rows of a table up on the host, because tables outgrow what a GPU binds, and map lays them out.
package shaders

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed *.wgsl
var files embed.FS

// Constant gives a module-scope u32 constant of a shader another value.
type Constant struct {
	Name  string
	Value uint32
}

// String is the constant as NAME=value.
func (c Constant) String() string { return fmt.Sprintf("%s=%d", c.Name, c.Value) }

// Names lists the shaders: their files without the ending.
func Names() []string {
	paths, err := fs.Glob(files, "*.wgsl")
	if err != nil {
		panic("BUG: shaders: " + err.Error())
	}
	for i, p := range paths {
		paths[i] = strings.TrimSuffix(p, ".wgsl")
	}
	return paths
}

// Source is the text of a shader with these constants. A shader or constant that does not exist is a programmer's error.
func Source(name string, constants ...Constant) string {
	text, err := files.ReadFile(name + ".wgsl")
	if err != nil {
		panic("BUG: shaders: there is no " + name + ".wgsl")
	}
	source := string(text)
	for _, c := range constants {
		before, rest, found := strings.Cut(source, "\nconst "+c.Name+": u32 = ")
		_, after, ends := strings.Cut(rest, "u;")
		if !found || !ends {
			panic("BUG: shaders: " + name + ".wgsl does not define " + c.Name)
		}
		source = fmt.Sprintf("%s\nconst %s: u32 = %du;%s", before, c.Name, c.Value, after)
	}
	return source
}
