# Starts extensions and becomes the runtime: NODE HANDOVER PORTS EXTENSION... -- RUNTIME ARGUMENT...
# Says on descriptor 3 which extension has ended, as a frame whose length has its highest bit set.
if [ -n "$3" ]; then "$1" "$2" "$3" || exit 1; fi
exec 5>&-
unset NODE_CHANNEL_FD NODE_CHANNEL_SERIALIZATION_MODE
shift 3
while [ "$1" != -- ]; do
  (
    cd /
    env -u _HANDLER -u LAMBDA_TASK_ROOT -u LAMBDA_RUNTIME_DIR -u AWS_EXECUTION_ENV -u AWS_LAMBDA_LOG_GROUP_NAME \
      -u AWS_LAMBDA_LOG_STREAM_NAME -u AWS_XRAY_CONTEXT_MISSING -u _X_AMZN_TRACE_ID "$1" 3>&-
    text="$? ${1##*/}"
    printf "\\200\\000\\000\\$(printf %03o "${#text}")%s" "$text" >&3
  ) 4>&- </dev/null &
  shift
done
shift
exec "$@"
