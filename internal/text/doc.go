// Package text holds what every room needs to write for people: untrusted text
// made safe to print, text cut to a length, counts, sizes, durations, sentences.
//
// It is pure: a function of its arguments, without clock, locale or environment.
package text
