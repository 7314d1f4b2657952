//go:build linux && node

package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/berth-dev/berth/test/node/registry"
)

// containerdConfig has everything below the node's folder. An apparmor profile would
// be the machine's, and not every root may lower the score by which the kernel picks
// whom to kill.
const containerdConfig = `version = 2
root = "DATA/containerd/root"
state = "DATA/containerd/state"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs"]
[grpc]
  address = "DATA/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "DATA/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "PAUSE"
  restrict_oom_score_adj = true
  disable_apparmor = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "PLUGINS"
    conf_dir = "DATA/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
`

// networkConfig connects pods to the bridge.
const networkConfig = `{"cniVersion": "0.4.0", "name": "node", "plugins": [{
  "type": "bridge", "bridge": "BRIDGE", "isDefaultGateway": true, "hairpinMode": true,
  "ipam": {"type": "host-local", "dataDir": "DATA/addresses",
    "ranges": [[{"subnet": "NETWORK", "rangeStart": "10.88.1.1", "gateway": "GATEWAY"}]]}
}]}
`

func (n *node) socket() string { return filepath.Join(dataFolder(n.dir), "containerd.sock") }

// startContainerd returns once containerd listens.
func (n *node) startContainerd() error {
	config := filepath.Join(dataFolder(n.dir), "containerd.toml")
	if err := n.write(config, containerdConfig); err != nil {
		return err
	}
	if err := n.write(filepath.Join(dataFolder(n.dir), "cni", "node.conflist"), networkConfig); err != nil {
		return err
	}
	if _, err := n.start("containerd", "--config", config); err != nil {
		return err
	}
	return n.await("containerd to listen", func(context.Context) error {
		conn, err := net.Dial("unix", n.socket())
		if err != nil {
			return err
		}
		return conn.Close()
	})
}

// write writes a configuration with this run's paths and addresses in it.
func (n *node) write(path, config string) error {
	filled := strings.NewReplacer("DATA", dataFolder(n.dir), "PLUGINS", plugins(), "PAUSE", registry.Pause,
		"BRIDGE", bridge, "NETWORK", network, "GATEWAY", nodeIP, "PLANE", n.plane).Replace(config)
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(filled), 0o600)
	}
	if err != nil {
		return fmt.Errorf("writing a configuration: %w", err)
	}
	return nil
}
