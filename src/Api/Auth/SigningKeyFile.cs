using System.Text.Json;

namespace GrainVault.Api.Auth;

/// <summary>
/// The signing keys of the embedded system: a file that its owner alone can read, replaced atomically. The newest key signs;
/// older ones verify until no token of theirs can be alive.
/// </summary>
/// <param name="path">Path of the file.</param>
/// <param name="rotation">Age at which the newest key gets a successor.</param>
/// <param name="overlap">How long an old key verifies after its successor was made; longer than any access token lives.</param>
/// <param name="time">Clock.</param>
internal sealed class SigningKeyFile(string path, TimeSpan rotation, TimeSpan overlap, TimeProvider time)
{
    /// <summary>Name of the file in the data directory.</summary>
    public const string FileName = "auth-keys.json";

    /// <summary>Reads the keys, newest first, makes the first one, and rotates when it is time.</summary>
    /// <exception cref="InvalidDataException">The file is not a key file.</exception>
    public IReadOnlyList<SigningKey> Load()
    {
        var now = time.GetUtcNow();
        var keys = File.Exists(path) ? Read() : [];
        keys.Sort((one, other) => other.CreatedAt.CompareTo(one.CreatedAt));
        var before = keys.Count;
        var changed = keys.Count == 0 || now - keys[0].CreatedAt >= rotation;
        if (changed)
            keys.Insert(0, SigningKey.Create(now));
        // A key outlives its successor's birth by the overlap, then goes.
        for (var i = keys.Count - 1; i > 0; i--)
        {
            if (now - keys[i - 1].CreatedAt >= overlap)
                keys.RemoveAt(i);
        }

        if (changed || keys.Count != before)
            Write(keys);
        return keys;
    }

    private List<SigningKey> Read()
    {
        try
        {
            var stored = JsonSerializer.Deserialize(File.ReadAllBytes(path), SigningKeyJson.Default.ListStoredSigningKey) ?? [];
            return stored.ConvertAll(key => SigningKey.IsKid(key.Kid) && SigningKey.DecodeSecret(key.Secret) is { } secret
                ? new SigningKey(key.Kid, secret, key.CreatedAt)
                : throw new InvalidDataException($"{path} holds a key that can't be used; restore the file, or delete it to end all logins."));
        }
        catch (JsonException)
        {
            throw new InvalidDataException($"{path} is not a key file; restore it, or delete it to end all logins.");
        }
    }

    private void Write(List<SigningKey> keys)
    {
        var stored = keys.ConvertAll(key => new StoredSigningKey(key.Kid, key.SecretBase64, key.CreatedAt));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var next = path + ".next";
        File.Delete(next);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(next, options))
        {
            JsonSerializer.Serialize(file, stored, SigningKeyJson.Default.ListStoredSigningKey);
            file.Flush(flushToDisk: true);
        }

        File.Move(next, path, overwrite: true);
    }
}
