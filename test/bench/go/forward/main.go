// forward PORT TARGET_PORT copy|loop: a TCP forwarder. `copy` is io.Copy, which Linux turns into splice: no byte passes
// through the program. `loop` reads and writes 32 KiB at a time, as the service does that prproxy is modelled on.
package main

import (
	"io"
	"log"
	"net"
	"os"
)

func main() {
	port, target, pass := os.Args[1], os.Args[2], copyAll
	if os.Args[3] == "loop" {
		pass = loop
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		log.Fatal(err)
	}
	for {
		client, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go forward(client.(*net.TCPConn), "127.0.0.1:"+target, pass)
	}
}

func forward(client *net.TCPConn, address string, pass func(to, from *net.TCPConn)) {
	defer client.Close()
	connection, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	target := connection.(*net.TCPConn)
	defer target.Close()
	done := make(chan struct{})
	go func() {
		pass(target, client)
		target.CloseWrite()
		close(done)
	}()
	pass(client, target)
	client.CloseWrite()
	<-done
}

func copyAll(to, from *net.TCPConn) {
	io.Copy(to, from)
}

func loop(to, from *net.TCPConn) {
	buffer := make([]byte, 32*1024)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
