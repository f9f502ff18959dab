package no.folge.test

import java.io.File
import java.net.InetAddress
import java.net.InetSocketAddress
import java.net.ServerSocket
import java.net.Socket
import java.nio.file.Path
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread

private val LOOPBACK: InetAddress = InetAddress.getLoopbackAddress()

/** The `folge-relay` program as a process of its own. Its data and its port stay when it stops. */
class RelayProcess(private val data: Path) : AutoCloseable {
    private var process: Process? = null

    /** Its port, once it was started. */
    var port: Int = 0
        private set

    /** Starts it, on the port that it had before. */
    fun start() {
        check(process == null) { "the relay runs" }
        val program = System.getProperty("folge.relay")
        val started = ProcessBuilder(
            program, "serve", "--listen", "127.0.0.1:$port", "--data", data.toString(),
            "--limit", "device_requests_per_minute=1000000",
        ).redirectError(ProcessBuilder.Redirect.DISCARD).start()
        val output = started.inputStream.bufferedReader()
        val url = generateSequence { output.readLine() }
            .firstOrNull { it.startsWith(READY) }
            ?: error("the relay did not say that it listens: $program")
        port = url.substringAfterLast(':').toInt()
        process = started
        // Nobody reads what else it says, and it must not wait for that.
        thread(isDaemon = true, name = "relay-output") {
            runCatching { output.forEachLine { } }
        }
    }

    /** Kills it as a power cut does. */
    fun stop() {
        process?.run {
            destroyForcibly()
            check(waitFor(20, TimeUnit.SECONDS)) { "the relay does not end" }
        }
        process = null
    }

    override fun close() = stop()

    private companion object {
        const val READY = "folge-relay listening on "
    }
}

/**
 * A port of its own before the relay's, so that a link keeps its address whatever happens to the
 * relay, and so that the network can fail: while it hangs, it takes what is sent and answers
 * nothing.
 */
class Proxy(private val target: () -> Int) : AutoCloseable {
    private val server = ServerSocket(0, 50, LOOPBACK)
    private val sockets = CopyOnWriteArrayList<Socket>()

    @Volatile
    private var hanging = false

    /** How many connections came in. */
    @Volatile
    var connections: Int = 0
        private set

    /** Where clients find the relay. */
    val url: String = "http://127.0.0.1:${server.localPort}"

    init {
        thread(isDaemon = true, name = "proxy") {
            while (!server.isClosed) {
                val client = runCatching { server.accept() }.getOrNull() ?: break
                connections++
                sockets += client
                if (!hanging) {
                    serve(client)
                }
            }
        }
    }

    /** From now on nothing is answered. */
    fun hang() {
        hanging = true
    }

    /** Lets through again; connections that hung break. */
    fun letThrough() {
        hanging = false
        breakAll()
    }

    /** Breaks every connection. */
    fun breakAll() {
        sockets.forEach { it.close() }
        sockets.clear()
    }

    private fun serve(client: Socket) {
        val relay = Socket()
        sockets += relay
        if (runCatching { relay.connect(InetSocketAddress(LOOPBACK, target()), 2000) }.isFailure) {
            client.close()
            return
        }
        carry(client, relay)
        carry(relay, client)
    }

    private fun carry(from: Socket, to: Socket) {
        thread(isDaemon = true, name = "proxy-carries") {
            runCatching {
                val buffer = ByteArray(64 * 1024)
                while (true) {
                    val count = from.getInputStream().read(buffer)
                    if (count < 0) break
                    if (!hanging) {
                        to.getOutputStream().write(buffer, 0, count)
                    }
                }
            }
            if (!hanging) {
                from.close()
                to.close()
            }
        }
    }

    override fun close() {
        server.close()
        breakAll()
    }
}

/** A relay in a folder, and the network before it. */
class Network(folder: File) : AutoCloseable {
    val relay: RelayProcess = RelayProcess(folder.toPath()).apply { start() }
    val proxy: Proxy = Proxy { relay.port }

    override fun close() {
        proxy.close()
        relay.close()
    }
}
