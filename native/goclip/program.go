package main

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
	"unicode"

	"github.com/goclip/goclip/native/output"
	"github.com/goclip/goclip/native/pictures"
	"github.com/spf13/cobra"
)

// program is one run of goclip: the flags that all commands share, and where results go.
type program struct {
	model     string
	device    string
	precision string
	threads   int
	json      bool
	quiet     bool

	out    *bufio.Writer // standard output
	bar    *progress     // nil: none is shown
	failed bool          // an input failed
}

// devices and precisions are what --device and --precision take.
var (
	devices    = []string{"auto", "cpu", "gpu", "reference"}
	precisions = []string{"auto", "f32", "f16", "bf16", "int8"}
)

func rootCommand(p *program) *cobra.Command {
	root := &cobra.Command{
		Use:   "goclip",
		Short: "Search, sort and label pictures with CLIP models",
		Long: `goclip runs CLIP models: it puts pictures and texts into one space, in which a picture
is near the words that describe it. A small model, tiny, is built in; others are opened
as they were published: a Hugging Face or open_clip folder, or a checkpoint file.

Pictures are files, folders (with all their subfolders), globs, http(s) addresses, or -
for standard input. Results go to standard output, everything else to standard error.

Exit status: 0 all done, 1 some inputs failed and were named, 2 nothing could start.`,
		Example: `  goclip classify --labels "dog,pizza,car" photos/
  goclip embed --text "a red car" car.jpg
  goclip compare car.jpg "text:a red car"
  goclip inspect -m ./clip-vit-base-patch32`,
		Version:       version(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetVersionTemplate("goclip {{.Version}}\n")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return usage(c, "%w", err) })
	f := root.PersistentFlags()
	f.StringVarP(&p.model, "model", "m", embeddedName, "`MODEL` folder, checkpoint file, or name")
	f.StringVar(&p.device, "device", "auto", "`DEVICE` that computes: "+strings.Join(devices, ", "))
	f.StringVar(&p.precision, "precision", "auto", "`PRECISION` of the weights: "+strings.Join(precisions, ", "))
	f.IntVar(&p.threads, "threads", 0, "use `N` cores; 0 takes all")
	f.BoolVar(&p.json, "json", false, "results as JSON, one object a line")
	f.BoolVarP(&p.quiet, "quiet", "q", false, "no progress and no warnings")
	complete(root, "device", devices)
	complete(root, "precision", precisions)
	root.PersistentPreRunE = func(c *cobra.Command, _ []string) error { return p.checkFlags(c) }
	root.AddGroup(&cobra.Group{ID: pictureGroup, Title: "Pictures and texts:"}, &cobra.Group{ID: modelGroup, Title: "Models and machine:"})
	root.AddCommand(
		classifyCommand(p), embedCommand(p), compareCommand(p), tokenizeCommand(p), preprocessCommand(p), runCommand(p),
		inspectCommand(p), modelsCommand(p), pullCommand(p), doctorCommand(p), benchCommand(p), versionCommand(p),
	)
	return root
}

// The groups in which the help lists the commands.
const (
	pictureGroup = "pictures"
	modelGroup   = "models"
)

// complete lets shells complete a flag's values.
func complete(c *cobra.Command, flag string, values []string) {
	if err := c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic("BUG: " + err.Error())
	}
}

func (p *program) checkFlags(c *cobra.Command) error {
	if err := oneOf(c, "device", p.device, devices); err != nil {
		return err
	}
	if err := oneOf(c, "precision", p.precision, precisions); err != nil {
		return err
	}
	if p.threads < 0 {
		return usage(c, "--threads is %d, want 1 or more, or 0 for all cores", p.threads)
	}
	if p.threads > 0 {
		runtime.GOMAXPROCS(p.threads)
	}
	return nil
}

func oneOf(c *cobra.Command, flag, value string, values []string) error {
	for _, v := range values {
		if v == value {
			return nil
		}
	}
	return usage(c, "--%s is %q, want one of %s", flag, value, strings.Join(values, ", "))
}

// usage is an error in how a command was called.
func usage(c *cobra.Command, format string, arguments ...any) error {
	return fmt.Errorf(format+" (see %s --help)", append(arguments, c.CommandPath())...)
}

// onceStdin makes sure that standard input has one reader among the names that a command was given.
func onceStdin(c *cobra.Command, names ...string) error {
	readers := 0
	for _, name := range names {
		if name == pictures.Stdin {
			readers++
		}
	}
	if readers > 1 {
		return usage(c, "standard input (-) can be read only once")
	}
	return nil
}

// emit writes one JSON object on a line of its own.
func (p *program) emit(object any) error { return output.JSONLine(p.out, object) }

// failure is an input that failed, in JSON.
type failure struct {
	Image string `json:"image"`
	Error string `json:"error"`
}

// fail names an input that failed, once on standard error and in JSON on standard output.
func (p *program) fail(image string, err error) error {
	p.report(image, err)
	if p.json {
		return p.emit(failure{image, reason(err)})
	}
	return nil
}

// report names an input that failed, on standard error.
func (p *program) report(image string, err error) {
	p.failed = true
	p.say("%s: %s", shown(image), shown(reason(err)))
}

// warn says what is worth knowing, unless the user wants to know nothing.
func (p *program) warn(format string, arguments ...any) {
	if !p.quiet {
		p.say("warning: "+format, arguments...)
	}
}

func (p *program) say(format string, arguments ...any) {
	p.bar.clear()
	fmt.Fprintf(os.Stderr, "goclip: "+format+"\n", arguments...)
}

// outcome is what a command ends with after its inputs.
func (p *program) outcome() error {
	if p.failed {
		return errSomeFailed
	}
	return nil
}

// packages are the names that errors begin with. They tell a programmer where an error is from, and a user nothing.
var packages = regexp.MustCompile(`(^|: )(?:(?:core|preprocess|jpeg|tokenizer|checkpoint|zoo|tower|kernels|simd|reference|webgpu|output|pictures|vectors|hub|known): )+`)

func reason(err error) string { return packages.ReplaceAllString(err.Error(), "$1") }

// shown makes a name fit for a line: control characters, which a file's name may have, would end it or worse.
func shown(s string) string {
	if strings.IndexFunc(s, unicode.IsControl) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unicode.IsControl(r) {
			fmt.Fprintf(&b, "\\x%02x", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
