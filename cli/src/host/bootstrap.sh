# Stands in for the bootstrap of a Lambda runtime of Node.js where a wrapper matters: it ends by executing the runtime's
# command line, or, where AWS_LAMBDA_EXEC_WRAPPER names another program, that program with the command line behind it.
# Behaves as AWS describes it: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html#runtime-wrapper
wrapper=${AWS_LAMBDA_EXEC_WRAPPER:-}
if [ -z "$wrapper" ]; then
  exec "$@"
fi
if [ ! -f "$wrapper" ]; then
  echo "$wrapper: does not exist" >&2
  exit 127
fi
if [ ! -x "$wrapper" ]; then
  echo "$wrapper: is not an executable" >&2
  exit 126
fi
exec "$wrapper" "$@"
