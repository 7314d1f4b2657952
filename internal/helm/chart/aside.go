package chart

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// graceTime is how long work that was told to end may take to say where it stood.
	graceTime = 250 * time.Millisecond
	// MemoryEvery is how often it is looked at how much memory work takes.
	MemoryEvery = 50 * time.Millisecond
)

// maxMemory is how much memory the program may take while work goes on that need not
// have an end. maxStack is how much the stacks of its goroutines may: what calls itself
// without end, by tpl or by printing what holds itself, would fill the one GB that Go lets
// a stack have, within seconds, and that ends the process without a word.
var maxMemory, maxStack uint64 = 2 << 30, 128 << 20

// endlessStack is how much the stack of what was found to have no end may still take.
const endlessStack = 8 << 30

// aside runs work on a goroutine of its own and returns when that does, grace after ctx
// has ended at the latest, or when it takes more memory than it may. Helm's loader, its
// parsers and its template engine take no context: what does not end goes on until the
// process does, and nobody looks at what it makes. A panic of the work becomes an error.
func aside[T any](ctx context.Context, grace time.Duration, work func() (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	done := make(chan answer, 1)
	go func() {
		var a answer
		defer func() {
			if r := recover(); r != nil {
				a.err = fmt.Errorf("it makes Helm fail: %s", sanitize(fmt.Sprint(r)))
			}
			done <- a
		}()
		a.value, a.err = work()
	}()
	var (
		none   T
		over   <-chan time.Time // the end of the grace
		ended  = ctx.Done()
		memory = time.NewTicker(MemoryEvery)
	)
	defer memory.Stop()
	for {
		select {
		case a := <-done:
			return a.value, a.err
		case <-ended:
			ended, over = nil, time.After(grace)
		case <-over:
			return none, fmt.Errorf("it did not end: %w", context.Cause(ctx))
		case <-memory.C:
			if err := TakesTooMuch(); err != nil {
				return none, err
			}
		}
	}
}

// TakesTooMuch returns why the program takes more than it may while work goes on that need
// not have an end, or nil. That goes on then, until the run has ended in good order: its
// stack may grow meanwhile.
func TakesTooMuch() error {
	switch heap, stack := inUse(); {
	case heap > maxMemory:
		return fmt.Errorf("it takes more than %d MiB of memory, the most that it may", maxMemory>>20)
	case stack > maxStack:
		debug.SetMaxStack(endlessStack)
		return errors.New("it calls itself without end")
	}
	return nil
}

// inUse is how much memory objects and stacks take.
func inUse() (heap, stack uint64) {
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64(), samples[1].Value.Uint64()
}
