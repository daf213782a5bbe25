# Starts extensions and the runtime, and outlives the runtime until they have ended: NODE HANDOVER PORTS EXTENSION... -- RUNTIME ARGUMENT...
# Says on descriptor 3 what has ended, as a frame whose length has its highest bit set: STATUS NAME, the runtime has no name. What extensions
# write goes to descriptor 7. SIGTERM is for the runtime.
if [ -n "$3" ]; then "$1" "$2" "$3" || exit 1; fi
exec 5>&-
unset NODE_CHANNEL_FD NODE_CHANNEL_SERIALIZATION_MODE
shift 3
say() {
  printf "\\200\\000\\000\\$(printf %03o "${#1}")%s" "$1" >&3
}
while [ "$1" != -- ]; do
  (
    cd /
    env -u _HANDLER -u LAMBDA_TASK_ROOT -u LAMBDA_RUNTIME_DIR -u AWS_EXECUTION_ENV -u AWS_LAMBDA_LOG_GROUP_NAME \
      -u AWS_LAMBDA_LOG_STREAM_NAME -u AWS_XRAY_CONTEXT_MISSING -u _X_AMZN_TRACE_ID "$1" 3>&- >&7 2>&7 7>&-
    say "$? ${1##*/}"
  ) 4>&- </dev/null &
  shift
done
shift
exec 7>&-
"$@" &
runtime=$!
exec 4>&-
trap 'kill -TERM "$runtime"' TERM
wait "$runtime"
status=$?
# A signal interrupts the wait; the runtime may have more to do.
while kill -0 "$runtime" 2>/dev/null; do
  wait "$runtime"
  status=$?
done
say "$status "
wait
exit "$status"
