// Package chart makes what Helm installs of a run's chart and values inputs: it
// fetches the chart, builds its dependencies, merges the values, and renders once
// before anything is written, so that a chart which Helm would refuse leaves no
// record behind.
//
// It needs neither a home folder nor Helm's own configuration, writes only below
// Source.CacheDir, and keeps values and credentials out of every error.
package chart
