//go:build node

// Command app is the program in the images of a real node: a server that is ready,
// alive, hungry or gone as its flags say.
package main

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	os.Exit(run())
}

func run() int {
	pause := flag.Bool("pause", false, "do nothing until told to stop")
	listen := flag.String("listen", ":8080", "where to answer")
	readyAfter := flag.Duration("ready-after", 0, "until then /ready answers 503")
	liveFor := flag.Duration("live-for", 0, "after that /live answers 503; 0: never")
	crashAfter := flag.Duration("crash-after", 0, "end with 1 after that; 0: never")
	eat := flag.Int("eat", 0, "MiB of memory to take")
	stubborn := flag.Bool("stubborn", false, "do not stop when told to")
	flag.Parse()

	stop := make(chan os.Signal, 1)
	if *stubborn {
		signal.Ignore(syscall.SIGTERM)
	} else {
		signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	}
	if *pause {
		<-stop
		return 0
	}
	fmt.Println("app: starting")
	eaten := devour(*eat)
	crash := make(<-chan time.Time)
	if *crashAfter > 0 {
		crash = time.After(*crashAfter)
	}
	failed := make(chan error, 1)
	go func() { failed <- serve(*listen, *readyAfter, *liveFor) }()
	select {
	case <-stop:
		fmt.Println("app: told to stop, bye")
		return 0
	case <-crash:
		fmt.Fprintln(os.Stderr, "app: fatal: cannot go on")
	case err := <-failed:
		fmt.Fprintf(os.Stderr, "app: %v, with %d MiB\n", err, len(eaten))
	}
	return 1
}

// devour takes memory and uses it, so that the kernel has to give it.
func devour(mebibytes int) (eaten [][]byte) {
	for n := range mebibytes {
		bite := make([]byte, 1<<20)
		for i := range bite {
			bite[i] = byte(i)
		}
		eaten = append(eaten, bite)
		if n%16 == 0 {
			fmt.Printf("app: took %d MiB\n", n)
		}
	}
	return eaten
}

func refuse(w http.ResponseWriter, why string) {
	w.WriteHeader(http.StatusServiceUnavailable)
	fmt.Fprintln(w, why)
}

func serve(listen string, readyAfter, liveFor time.Duration) error {
	began := time.Now()
	http.HandleFunc("/ready", func(w http.ResponseWriter, _ *http.Request) {
		if time.Since(began) < readyAfter {
			refuse(w, "warming up")
		}
	})
	http.HandleFunc("/live", func(w http.ResponseWriter, _ *http.Request) {
		if liveFor > 0 && time.Since(began) > liveFor {
			refuse(w, "deadlocked")
		}
	})
	return http.ListenAndServe(listen, nil)
}
