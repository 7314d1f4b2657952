// Command release makes what a release has beside the archives and packages that
// goreleaser makes: the image for all platforms, the lists of what is in each program
// (SBOM), and release.json, which says what was built and is what the generator pins
// the action, the template and the plugin by.
//
//	release image    DIST --base REFERENCE@DIGEST --source COMMIT   writes DIST/image, an OCI layout
//	release sbom     DIST                                           writes a list beside each archive
//	release describe DIST --image NAME --download URL               writes DIST/release.json
//	release plugin   DIST                                           writes DIST/berth-VERSION.tgz
//	release notes    DIST                                           writes DIST/notes.md
//	release push     DIST --image NAME [--insecure]                 pushes the image with its lists
//	release move     DIST --image NAME [--insecure]                 moves the image's tag of the major version
//
// DIST is goreleaser's folder. The same commit gives the same bytes, wherever it is built.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

// command is one that the first argument names.
type command struct {
	flags func(*flag.FlagSet, *options)
	run   func(dist, options) error
}

// options are what the flags give.
type options struct {
	base, source, image, download string
	insecure                      bool
}

var commands = map[string]command{
	"image": {func(f *flag.FlagSet, o *options) {
		f.StringVar(&o.base, "base", "", "image that it stands on, by digest; what release/base/Dockerfile names when left out")
		f.StringVar(&o.source, "source", "", "commit that it is built from")
		f.BoolVar(&o.insecure, "insecure", false, "the base's registry has no TLS")
	}, makeImage},
	"sbom": {func(*flag.FlagSet, *options) {}, writeLists},
	"describe": {func(f *flag.FlagSet, o *options) {
		f.StringVar(&o.image, "image", "", "the image's name, without a tag")
		f.StringVar(&o.download, "download", "", "URL of the folder that the archives are in")
	}, describe},
	"plugin": {func(*flag.FlagSet, *options) {}, packPlugin},
	"notes":  {func(*flag.FlagSet, *options) {}, writeNotes},
	"push":   {pushed, push},
	"move":   {pushed, move},
}

// pushed are the flags of what works on the registry that the image is pushed to.
func pushed(f *flag.FlagSet, o *options) {
	f.StringVar(&o.image, "image", "", "the image's name, without a tag")
	f.BoolVar(&o.insecure, "insecure", false, "the registry has no TLS")
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 2 {
		return errors.New("usage: release image|sbom|describe|plugin|notes|push|move DIST [flags]")
	}
	c, known := commands[args[0]]
	if !known {
		return fmt.Errorf("%s is no command: take image, sbom, describe, plugin, notes, push or move", args[0])
	}
	var o options
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	c.flags(flags, &o)
	if err := flags.Parse(args[2:]); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%s: what is %q", args[0], flags.Arg(0))
	}
	d, err := openDist(args[1])
	if err != nil {
		return err
	}
	if err := c.run(d, o); err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	return nil
}
