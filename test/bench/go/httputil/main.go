// httputil CONFIG LOG: a reverse proxy as one writes it in Go, on net/http/httputil. CONFIG is JSON:
// [{"port", "cert", "key", "routes": [{"path" or "pattern", "port"}]}]; patterns come first.
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"
)

type route struct {
	Path, Pattern string
	Port          string
	re            *regexp.Regexp
	proxy         *httputil.ReverseProxy
}

type site struct {
	Port, Cert, Key string
	Routes          []*route
}

func (r *route) matches(path string) bool {
	if r.re != nil {
		return r.re.MatchString(path)
	}
	return r.Path == "/" || path == r.Path || strings.HasPrefix(path, r.Path+"/")
}

func proxyTo(port string, transport http.RoundTripper) *httputil.ReverseProxy {
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: "127.0.0.1:" + port})
	director := proxy.Director
	proxy.Director = func(req *http.Request) {
		director(req)
		scheme := "http"
		if req.TLS != nil {
			scheme = "https"
		}
		req.Header.Set("X-Forwarded-Host", req.Host)
		req.Header.Set("X-Forwarded-Proto", scheme)
		req.Header.Add("Via", "1.1 go")
	}
	proxy.Transport = transport
	return proxy
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	check(err)
	var sites []*site
	check(json.Unmarshal(text, &sites))
	file, err := os.Create(os.Args[2])
	check(err)
	access := log.New(bufio.NewWriterSize(file, 64*1024), "", log.LstdFlags|log.Lmicroseconds)

	// The default keeps 2 connections per origin, which would be unfair.
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 1024, 64
	for _, s := range sites {
		s := s
		for _, r := range s.Routes {
			r.proxy = proxyTo(r.Port, transport)
			if r.Pattern != "" {
				r.re = regexp.MustCompile(r.Pattern)
			}
		}
		handler := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			began, uri := time.Now(), req.URL.RequestURI()
			for _, r := range s.Routes {
				if r.matches(req.URL.Path) {
					r.proxy.ServeHTTP(w, req)
					access.Printf("%s %s %s %s %s", req.RemoteAddr, req.Method, req.Host, uri, time.Since(began))
					return
				}
			}
			http.NotFound(w, req)
		})
		go func() {
			address := "127.0.0.1:" + s.Port
			if s.Cert != "" {
				log.Fatal(http.ListenAndServeTLS(address, s.Cert, s.Key, handler))
			}
			log.Fatal(http.ListenAndServe(address, handler))
		}()
	}
	select {}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
