# frozen_string_literal: true

# The runtime of Ruby functions: loads the handler, asks the Runtime API for events, posts what the handler answers.
#
# Standard library only. The Runtime API is spoken on descriptor 4, a socket that nobody else can reach. Printed lines are events by line.
require 'json'
require 'socket'

module MillraceRuntime
  API_FD = 4
  BASE = '/2018-06-01/runtime'
  NEXT = "GET #{BASE}/invocation/next HTTP/1.1\r\nHost: runtime\r\n\r\n"

  # The event's context, as handlers get it.
  class Context
    attr_reader :aws_request_id, :invoked_function_arn, :deadline_ms, :identity, :client_context, :function_name,
                :function_version, :memory_limit_in_mb, :log_group_name, :log_stream_name

    def initialize(headers)
      @aws_request_id = headers['lambda-runtime-aws-request-id']
      @invoked_function_arn = headers['lambda-runtime-invoked-function-arn']
      @deadline_ms = headers['lambda-runtime-deadline-ms'].to_i
      @client_context = parsed(headers['lambda-runtime-client-context'])
      @identity = parsed(headers['lambda-runtime-cognito-identity'])
      @function_name = ENV['AWS_LAMBDA_FUNCTION_NAME']
      @function_version = ENV['AWS_LAMBDA_FUNCTION_VERSION']
      @memory_limit_in_mb = ENV['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']
      @log_group_name = ENV['AWS_LAMBDA_LOG_GROUP_NAME']
      @log_stream_name = ENV['AWS_LAMBDA_LOG_STREAM_NAME']
    end

    def get_remaining_time_in_millis
      [deadline_ms - (Time.now.to_f * 1000).to_i, 0].max
    end

    private

    def parsed(text)
      text.nil? || text.empty? ? nil : JSON.parse(text)
    end
  end

  # A client on one socket. An answer and the wish for the next event leave in one write; replies come in order.
  class Api
    def initialize
      @socket = UNIXSocket.for_fd(API_FD)
      @socket.close_on_exec = true
    end

    def next_event
      @socket.write(NEXT)
      read
    end

    def post_and_next(path, body, error_type)
      @socket.write(post(path, body, error_type), NEXT)
      read
      read
    end

    def init_error(body, error_type)
      @socket.write(post('/init/error', body, error_type))
      read
    end

    private

    def post(path, body, error_type)
      head = +"POST #{BASE}#{path} HTTP/1.1\r\nHost: runtime\r\nContent-Type: application/json\r\n"
      head << "Lambda-Runtime-Function-Error-Type: #{error_type.gsub(/[^\x20-\x7e]/, '?')}\r\n" if error_type
      "#{head}Content-Length: #{body.bytesize}\r\n\r\n".b << body.b
    end

    def read
      # The other side ended: the environment is gone.
      exit!(0) if @socket.gets("\r\n").nil?
      headers = {}
      while (line = @socket.gets("\r\n")) && line != "\r\n"
        name, value = line.split(':', 2)
        headers[name.downcase] = value.strip.force_encoding('UTF-8')
      end
      length = headers['content-length'].to_i
      [headers, length.zero? ? '' : @socket.read(length).force_encoding('UTF-8')]
    end
  end

  module_function

  # `file.method` or `file.Module::Class.method`.
  def load_handler(text)
    file, *names = text.split('.')
    raise ArgumentError, "Invalid handler #{text}, must be of form FILENAME.METHOD or FILENAME.CLASS.METHOD where FILENAME corresponds with an existing Ruby source file FILENAME.rb, CLASS is an optional module/class namespace and METHOD is a callable method. If using CLASS, METHOD must be a class-level method." unless [1, 2].include?(names.length)

    require file
    method = names.pop.to_sym
    return Object.const_get(names.first).method(method) unless names.empty?

    TOPLEVEL_BINDING.receiver.method(method)
  end

  def document_of(error, phase)
    frames = (error.backtrace || []).reject { |line| line.start_with?(__FILE__) }
    { errorMessage: error.message.dup.encode('UTF-8', invalid: :replace, undef: :replace),
      errorType: "#{phase}<#{error.class}>", stackTrace: frames }
  end

  def say(text, document)
    puts text, JSON.generate(document)
    $stdout.flush
    $stderr.flush
  end

  # The path, body and error type to post.
  def run(handler, headers, body)
    id = headers['lambda-runtime-aws-request-id']
    trace = headers['lambda-runtime-trace-id']
    trace.nil? || trace.empty? ? ENV.delete('_X_AMZN_TRACE_ID') : ENV['_X_AMZN_TRACE_ID'] = trace
    begin
      answer = JSON.generate(handler.call(event: JSON.parse(body), context: Context.new(headers)))
    rescue NoMemoryError, SystemExit, SignalException
      raise
    rescue Exception => e # What a handler raises is its answer, whatever it is.
      document = document_of(e, 'Function')
      say('Error raised from handler method', document)
      return ["/invocation/#{id}/error", JSON.generate(document), document[:errorType]]
    end
    $stdout.flush
    $stderr.flush
    ["/invocation/#{id}/response", answer, nil]
  end

  # Opens listening sockets in this network namespace and hands them to the server, in the words of Node's IPC.
  def hand_over(ports)
    channel = UNIXSocket.for_fd(ENV.fetch('NODE_CHANNEL_FD').to_i)
    ports.each do |name, port|
      server = TCPServer.new('127.0.0.1', port)
      server.listen(511)
      message = JSON.generate(cmd: 'NODE_HANDLE', type: 'net.Server', msg: { name: name })
      channel.sendmsg("#{message}\n", 0, nil, Socket::AncillaryData.unix_rights(server))
      # The next one is sent when this one has arrived: a handle belongs to one message.
      channel.recv(4096)
      server.close
    end
    channel.close
  end

  def main(startup)
    hand_over(startup['ports']) if startup['ports']
    %w[NODE_CHANNEL_FD NODE_CHANNEL_SERIALIZATION_MODE].each { |name| ENV.delete(name) }
    $stdout.sync = true
    $stderr.sync = true
    Encoding.default_external = Encoding::UTF_8
    ARGV.clear
    $LOAD_PATH.unshift(ENV['LAMBDA_TASK_ROOT'], "#{startup['opt']}/ruby/lib")
    api = Api.new
    begin
      handler = load_handler(ENV['_HANDLER'])
    rescue Exception => e # A syntax error is no StandardError.
      document = document_of(e, 'Init')
      say('Init error when loading handler', document)
      api.init_error(JSON.generate(document), document[:errorType])
      exit!(1)
    end
    event = api.next_event
    loop { event = api.post_and_next(*run(handler, *event)) }
  end
end

MillraceRuntime.main(JSON.parse(ARGV.first))
