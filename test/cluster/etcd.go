package main

import (
	"flag"
	"fmt"
	"net/url"
	"os"

	"go.etcd.io/etcd/server/v3/embed"
)

// etcdMain runs a single-member etcd. Its data lives as long as one test run,
// so it never waits for the disk, and it elects itself at once.
func etcdMain(args []string) int {
	flags := flag.NewFlagSet("etcd", flag.ContinueOnError)
	data := flags.String("data-dir", "", "folder of the data")
	client := flags.String("client", "", "host:port for clients")
	peer := flags.String("peer", "", "host:port for peers, of which there are none")
	if err := flags.Parse(args); err != nil {
		return exitUsage
	}
	config := embed.NewConfig()
	config.Dir = *data
	config.UnsafeNoFsync = true
	config.TickMs, config.ElectionMs = 10, 100
	config.LogLevel, config.LogOutputs = "error", []string{"stderr"}
	clients, peers := []url.URL{{Scheme: "http", Host: *client}}, []url.URL{{Scheme: "http", Host: *peer}}
	config.ListenClientUrls, config.AdvertiseClientUrls = clients, clients
	config.ListenPeerUrls, config.AdvertisePeerUrls = peers, peers
	config.InitialCluster = config.InitialClusterFromName(config.Name)

	server, err := embed.StartEtcd(config)
	if err != nil {
		fmt.Fprintln(os.Stderr, "etcd:", err)
		return exitFailure
	}
	defer server.Close()
	select {
	case err = <-server.Err():
	case <-server.Server.StopNotify():
		err = fmt.Errorf("stopped")
	}
	fmt.Fprintln(os.Stderr, "etcd:", err)
	return exitFailure
}
