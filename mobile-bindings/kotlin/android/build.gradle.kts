// Følge as an AAR: the native library for each kind of phone, the generated bindings, the layer that
// is shared with the JVM (../src/main/kotlin), and what is Android's own (src/main/kotlin).
//
// Needs the Android SDK with NDK 28 or newer, Rust with the targets below, and cargo-ndk:
//   rustup target add aarch64-linux-android armv7-linux-androideabi x86_64-linux-android
//   cargo install cargo-ndk   (4 or newer)

import javax.inject.Inject
import org.gradle.process.ExecOperations
import org.jetbrains.kotlin.gradle.dsl.JvmTarget

buildscript {
    repositories {
        google()
        mavenCentral()
    }
    dependencies {
        // Android's plugin brings Kotlin along; this is the version that ../pom.xml has.
        classpath("org.jetbrains.kotlin:kotlin-gradle-plugin:2.4.21")
    }
}

plugins {
    id("com.android.library") version "9.0.0"
}

group = "no.folge"
version = "0.1.0"

val oldestAndroid = 26
val phones = listOf("arm64-v8a", "armeabi-v7a", "x86_64")
val rust = layout.projectDirectory.dir("../../..")

android {
    namespace = "no.folge.android"
    compileSdk = 36
    ndkVersion = "28.2.13676358"
    defaultConfig {
        minSdk = oldestAndroid
        consumerProguardFiles("consumer-rules.pro")
    }
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }
    sourceSets.named("main") {
        kotlin.directories += "../src/main/kotlin"
    }
    lint {
        // The bindings look for java.lang.ref.Cleaner (API 33) and do without where it is missing.
        disable += "NewApi"
    }
    publishing {
        singleVariant("release") { withSourcesJar() }
    }
}

kotlin {
    compilerOptions { jvmTarget.set(JvmTarget.JVM_17) }
}

dependencies {
    // In what the app sees: flows, and JNA's AAR, which has its native half for each kind of phone.
    api("org.jetbrains.kotlinx:kotlinx-coroutines-android:1.11.0")
    implementation("net.java.dev.jna:jna:5.19.1@aar")
    implementation("androidx.work:work-runtime-ktx:2.10.5")
}

/** Builds the native library with cargo-ndk, for each kind of phone. */
abstract class NativeLibraries @Inject constructor(private val exec: ExecOperations) : DefaultTask() {
    @get:Input
    abstract val abis: ListProperty<String>

    @get:Input
    abstract val androidMin: Property<Int>

    @get:Internal
    abstract val workspace: DirectoryProperty

    @get:OutputDirectory
    abstract val out: DirectoryProperty

    init {
        // Cargo knows better what has changed.
        outputs.upToDateWhen { false }
    }

    @TaskAction
    fun build() {
        exec.exec {
            workingDir(workspace)
            // Phones with pages of 16 KB load nothing else; NDK 28 does so by itself. Like functions
            // are kept once, and relocations packed: a quarter smaller.
            val linker = listOf("-z,max-page-size=16384", "--icf=all", "--pack-dyn-relocs=android")
            environment("RUSTFLAGS", linker.joinToString(" ") { "-C link-arg=-Wl,$it" })
            commandLine(
                listOf("cargo", "ndk") +
                    abis.get().flatMap { listOf("-t", it) } +
                    listOf("--platform", androidMin.get().toString()) +
                    listOf("-o", out.get().asFile.path) +
                    // Cargo optimises across crates only where nothing but the library is asked for.
                    listOf("rustc", "--profile", "mobile", "--package", "folge-mobile") +
                    listOf("--lib", "--crate-type", "cdylib"),
            )
        }
    }
}

/** Writes the Kotlin bindings from a native library. */
abstract class Bindings @Inject constructor(private val exec: ExecOperations) : DefaultTask() {
    @get:InputFile
    @get:PathSensitive(PathSensitivity.NONE)
    abstract val library: RegularFileProperty

    @get:Internal
    abstract val workspace: DirectoryProperty

    @get:Internal
    abstract val all: DirectoryProperty

    @get:OutputDirectory
    abstract val kotlin: DirectoryProperty

    @TaskAction
    fun write() {
        exec.exec {
            workingDir(workspace)
            commandLine(
                "cargo", "run", "--release", "-p", "folge-bindgen", "--",
                library.get().asFile.path, all.get().asFile.path,
            )
        }
    }
}

val nativeLibraries = tasks.register<NativeLibraries>("nativeLibraries") {
    abis.set(phones)
    androidMin.set(oldestAndroid)
    workspace.set(rust)
    out.set(layout.buildDirectory.dir("native"))
}

val bindings = tasks.register<Bindings>("bindings") {
    library.set(nativeLibraries.flatMap { it.out.file("arm64-v8a/libfolge_mobile.so") })
    workspace.set(rust)
    all.set(layout.buildDirectory.dir("bindings"))
    kotlin.set(layout.buildDirectory.dir("bindings/kotlin"))
}

androidComponents.onVariants { variant ->
    variant.sources.jniLibs?.addGeneratedSourceDirectory(nativeLibraries) { it.out }
    variant.sources.kotlin?.addGeneratedSourceDirectory(bindings) { it.kotlin }
}
