//go:build cgo

package main

/*
#cgo LDFLAGS: -lpthread
#include <pthread.h>
#include <unistd.h>

extern void fromC(int);

static void* calls(void* unused) {
  for (int i = 0; i < 20; i++) {
    fromC(i);
    usleep(200);
  }
  return NULL;
}

static void run(void) {
  pthread_t threads[3];
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < 3; i++) pthread_create(&threads[i], NULL, calls, NULL);
    for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
  }
}
*/
import "C"

import "sync/atomic"

var called int64

//export fromC
func fromC(i C.int) { atomic.AddInt64(&called, int64(i)) }

// Threads of C that call into Go.
func threads() { C.run() }
