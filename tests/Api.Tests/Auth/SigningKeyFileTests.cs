using GrainVault.Api.Auth;
using GrainVault.TestKit;

namespace GrainVault.Api.Tests.Auth;

public sealed class SigningKeyFileTests : IDisposable
{
    private static readonly TimeSpan Rotation = TimeSpan.FromDays(90);
    private static readonly TimeSpan Overlap = TimeSpan.FromHours(2);
    private readonly TestFolder _folder = new();
    private readonly ManualTime _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void First_load_makes_a_key_that_its_owner_alone_can_read_and_later_loads_keep_it()
    {
        var made = Assert.Single(File().Load());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(_folder["auth-keys.json"]));
        var kept = Assert.Single(File().Load());
        Assert.Equal(made, kept);
    }

    [Fact]
    public void Old_key_gets_a_successor_and_verifies_for_the_overlap()
    {
        var old = Assert.Single(File().Load());
        _time.Advance(Rotation);
        var rotated = File().Load();
        Assert.Equal(2, rotated.Count);
        Assert.NotEqual(old, rotated[0]);
        Assert.Equal(old, rotated[1]);

        _time.Advance(Overlap - TimeSpan.FromSeconds(1));
        Assert.Equal(rotated, File().Load());
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([rotated[0]], File().Load());
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("""[{"kid":"k","secret":"c2hvcnQ=","createdAt":"2026-01-01T00:00:00Z"}]""")]
    public void Damaged_file_is_refused_and_left_as_it_is(string content)
    {
        System.IO.File.WriteAllText(_folder["auth-keys.json"], content);
        var refusal = Assert.Throws<InvalidDataException>(() => File().Load());
        Assert.Contains("auth-keys.json", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(content, System.IO.File.ReadAllText(_folder["auth-keys.json"]));
    }

    private SigningKeyFile File() => new(_folder["auth-keys.json"], Rotation, Overlap, _time);
}
