// Package report turns a result.Result into what people and machines read: the
// job summary (Markdown), the same as a page (HTML), the end of the log (Text), the
// versioned JSON report, JUnit, annotations, and the outputs of a step.
//
// It is pure: the same Result always gives the same bytes. No text in a Result is
// trusted, since branch names, reasons, events and chart notes are written by
// others. internal/text makes it safe to print, escape.go safe in Markdown, and
// html/template safe in the page.
package report
