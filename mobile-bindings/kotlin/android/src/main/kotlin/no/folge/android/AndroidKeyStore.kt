package no.folge.android

import android.content.Context
import android.content.pm.PackageManager
import android.os.Build
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.KeyProperties
import android.security.keystore.StrongBoxUnavailableException
import android.security.keystore.UserNotAuthenticatedException
import android.util.AtomicFile
import java.io.File
import java.io.IOException
import java.security.GeneralSecurityException
import java.security.KeyStore as JavaKeyStore
import java.security.ProviderException
import javax.crypto.AEADBadTagException
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec
import no.folge.KeyStore
import no.folge.KeyStoreException

/**
 * Følge's secrets under Android Keystore: an AES key that never leaves the phone's secure hardware
 * seals each of them into a file that no backup takes.
 *
 * With [authenticationSeconds] the key works only so many seconds after the user has unlocked the
 * phone or passed a `BiometricPrompt` with `BIOMETRIC_STRONG or DEVICE_CREDENTIAL`: show one before
 * `unlock`. A sync in the background then mostly ends as `NEEDS_USER`. A user who takes the phone's
 * screen lock away loses the key, and needs a new invitation.
 */
public class AndroidKeyStore(
    context: Context,
    private val authenticationSeconds: Int? = null,
) : KeyStore {
    private val context = context.applicationContext
    private val folder = File(this.context.noBackupFilesDir, "folge-keys")
    private val platform: JavaKeyStore by lazy { JavaKeyStore.getInstance(PROVIDER).apply { load(null) } }

    @Synchronized
    override fun save(name: String, secret: ByteArray): Unit = orUnavailable {
        try {
            val cipher = Cipher.getInstance(CIPHER)
            cipher.init(Cipher.ENCRYPT_MODE, newKey(alias(name)))
            cipher.updateAAD(name.toByteArray())
            val sealed = cipher.doFinal(secret)
            write(name, byteArrayOf(cipher.iv.size.toByte()) + cipher.iv + sealed)
        } finally {
            secret.fill(0)
        }
    }

    @Synchronized
    override fun load(name: String): ByteArray? = orUnavailable {
        val file = AtomicFile(file(name))
        val key = platform.getKey(alias(name), null) as? SecretKey
        if (key == null || !file.baseFile.exists()) {
            return@orUnavailable null
        }
        try {
            open(name, key, file.readFully())
        } catch (_: KeyPermanentlyInvalidatedException) {
            remove(name)
            null
        } catch (_: AEADBadTagException) {
            // Sealed by a key that is gone, such as after the app's data were moved by hand.
            null
        }
    }

    @Synchronized
    override fun remove(name: String): Unit = orUnavailable {
        AtomicFile(file(name)).delete()
        platform.deleteEntry(alias(name))
    }

    private fun file(name: String): File = File(folder, "$name.sealed")

    private fun alias(name: String): String = "no.folge.$name"

    private fun open(name: String, key: SecretKey, sealed: ByteArray): ByteArray {
        val nonceEnd = 1 + (sealed.firstOrNull() ?: throw IOException("the file is empty"))
        if (nonceEnd !in 1..sealed.size) {
            throw IOException("the file is cut off")
        }
        val cipher = Cipher.getInstance(CIPHER)
        cipher.init(
            Cipher.DECRYPT_MODE,
            key,
            GCMParameterSpec(TAG_BITS, sealed.copyOfRange(1, nonceEnd)),
        )
        cipher.updateAAD(name.toByteArray())
        return cipher.doFinal(sealed, nonceEnd, sealed.size - nonceEnd)
    }

    /** On the disk when it returns, the old or the new one whole. */
    private fun write(name: String, bytes: ByteArray) {
        if (!folder.isDirectory && !folder.mkdirs()) {
            throw IOException("no folder")
        }
        val file = AtomicFile(file(name))
        val out = file.startWrite()
        try {
            out.write(bytes)
            file.finishWrite(out)
        } catch (error: IOException) {
            file.failWrite(out)
            throw error
        }
    }

    /** A new key in the secure chip, where the phone has one, or in its trusted environment. */
    private fun newKey(alias: String): SecretKey {
        val hasStrongBox = Build.VERSION.SDK_INT >= Build.VERSION_CODES.P &&
            context.packageManager.hasSystemFeature(PackageManager.FEATURE_STRONGBOX_KEYSTORE)
        if (hasStrongBox) {
            try {
                return generate(alias, inStrongBox = true)
            } catch (_: StrongBoxUnavailableException) {
                // The chip is full or busy.
            }
        }
        return generate(alias, inStrongBox = false)
    }

    private fun generate(alias: String, inStrongBox: Boolean): SecretKey {
        val purposes = KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT
        val spec = KeyGenParameterSpec.Builder(alias, purposes)
            .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
            .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
            .setKeySize(KEY_BITS)
        if (inStrongBox && Build.VERSION.SDK_INT >= Build.VERSION_CODES.P) {
            spec.setIsStrongBoxBacked(true)
        }
        authenticationSeconds?.let { seconds ->
            spec.setUserAuthenticationRequired(true)
            if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.R) {
                val kinds = KeyProperties.AUTH_BIOMETRIC_STRONG or KeyProperties.AUTH_DEVICE_CREDENTIAL
                spec.setUserAuthenticationParameters(seconds, kinds)
            } else {
                @Suppress("DEPRECATION")
                spec.setUserAuthenticationValidityDurationSeconds(seconds)
            }
        }
        val generator = KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, PROVIDER)
        generator.init(spec.build())
        return generator.generateKey()
    }

    /** What Android throws, as Følge knows it. */
    private inline fun <T> orUnavailable(work: () -> T): T = try {
        work()
    } catch (error: KeyStoreException) {
        throw error
    } catch (_: UserNotAuthenticatedException) {
        throw KeyStoreException.Refused()
    } catch (_: GeneralSecurityException) {
        throw KeyStoreException.Unavailable()
    } catch (_: ProviderException) {
        throw KeyStoreException.Unavailable()
    } catch (_: IOException) {
        throw KeyStoreException.Unavailable()
    }

    private companion object {
        const val PROVIDER = "AndroidKeyStore"
        const val CIPHER = "AES/GCM/NoPadding"
        const val KEY_BITS = 256
        const val TAG_BITS = 128
    }
}
