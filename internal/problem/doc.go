// Package problem holds the error that a person can act on, and the reasons for
// which a run ends. Every other room may return one.
package problem
