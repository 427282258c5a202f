// Files serves a folder over HTTP on port 80, as a release site does.
package main

import (
	"log"
	"net/http"
	"os"
)

func main() {
	log.Fatal(http.ListenAndServe(":80", http.FileServer(http.Dir(os.Args[1]))))
}
