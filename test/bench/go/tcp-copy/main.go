// tcp-copy PORT TARGET_PORT: a TCP forwarder on io.Copy, which Linux turns into splice: no byte passes through it.
package main

import (
	"io"
	"log"
	"net"
	"os"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	for {
		client, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go forward(client.(*net.TCPConn), "127.0.0.1:"+os.Args[2])
	}
}

func forward(client *net.TCPConn, address string) {
	defer client.Close()
	target, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer target.Close()
	done := make(chan struct{})
	go func() {
		pass(target.(*net.TCPConn), client)
		close(done)
	}()
	pass(client, target.(*net.TCPConn))
	<-done
}

func pass(to, from *net.TCPConn) {
	io.Copy(to, from)
	to.CloseWrite()
}
