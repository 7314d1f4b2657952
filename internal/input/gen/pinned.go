package main

import (
	"fmt"
	"regexp"
	"strings"
)

// What is written by hand and has one line that a release sets.
const (
	gitlabFile = ".gitlab-ci-template.yml"
	pluginFile = "plugin.yaml"
)

var (
	imageLine   = regexp.MustCompile(`(?m)^(    image:\n      description: .*\n      default: ).*$`)
	versionLine = regexp.MustCompile(`(?m)^(version: ).*$`)
)

// gitlabTemplate returns GitLab's template with the image that was released, or the newest one.
func gitlabTemplate(text string, r *release) (string, error) {
	image := "ghcr.io/berth-dev/berth:v1"
	if r != nil {
		image = r.Image
	}
	return setLine(gitlabFile, text, imageLine, image)
}

// plugin returns plugin.yaml with the version that was released, or none.
func plugin(text string, r *release) (string, error) {
	version := "0.0.0"
	if r != nil {
		version = r.number()
	}
	return setLine(pluginFile, text, versionLine, version)
}

// setLine sets what follows the pattern's group. It fails where the pattern does not fit exactly
// once: another line would be set, or none.
func setLine(file, text string, line *regexp.Regexp, value string) (string, error) {
	if found := len(line.FindAllString(text, -1)); found != 1 {
		return "", fmt.Errorf("%s has %d lines that fit %s, want 1", file, found, line)
	}
	return line.ReplaceAllLiteralString(text, line.FindStringSubmatch(text)[1]+value), nil
}

const componentHead = `# Generated from .gitlab-ci-template.yml by "go generate ./internal/input"; do not edit.
# The same as a component, for a GitLab that has a copy of this project:
#
#   include:
#     - component: $CI_SERVER_FQDN/berth-dev/berth/berth@%s
#       inputs:
#         chart: ./chart
#         url: https://{{ .Slug }}.review.example.com
#
# A component is taken from the GitLab that the pipeline runs on. What .gitlab-ci-template.yml
# says of variables and of several charts holds here, too.
`

// component returns the text of templates/berth.yml: the template under a head of its own.
func component(template string, r *release) (string, error) {
	version := "v1.2.3"
	if r != nil {
		version = r.Version
	}
	const begin = "\nspec:\n"
	if found := strings.Count(template, begin); found != 1 {
		return "", fmt.Errorf("%s has %d lines spec:, want 1", gitlabFile, found)
	}
	_, rest, _ := strings.Cut(template, begin)
	return fmt.Sprintf(componentHead, version) + begin[1:] + rest, nil
}
