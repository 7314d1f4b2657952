package faultproxy

import (
	"context"
	"crypto/tls"
	"net"
)

type connectionKey struct{}

// connection is what a request came over.
type connection struct {
	socket net.Conn        // under TLS
	ctx    context.Context // ends when the proxy goes down
}

func connectionOf(ctx context.Context) *connection {
	return ctx.Value(connectionKey{}).(*connection)
}

// cut ends the connection, and with it every other request over it.
func (c *connection) cut() { _ = c.socket.Close() }

// reset ends it with a TCP RST: what was sent and not read yet is thrown away.
func (c *connection) reset() {
	if tcp, ok := c.socket.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.socket.Close()
}

func socketOf(conn net.Conn) net.Conn {
	if secure, ok := conn.(*tls.Conn); ok {
		return secure.NetConn()
	}
	return conn
}
