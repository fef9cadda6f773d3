# Written by `cargo trap build`; once changed it is yours and stays as it is.

@app
my-service

@aws
runtime nodejs22.x
architecture arm64

@http
/*
  method any
  src src/http/any-catchall
