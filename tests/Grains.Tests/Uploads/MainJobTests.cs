using System.Security.Cryptography;
using GrainVault.Accounts;
using GrainVault.Grains.Tests.Support;

namespace GrainVault.Grains.Tests.Uploads;

public sealed class MainJobTests(GrainsHost host) : IClassFixture<GrainsHost>
{
    [Fact]
    public async Task Parts_in_any_order_and_at_once_become_the_same_bytes()
    {
        var user = await host.SignUpAsync();
        var content = GrainsHost.Bytes((3 * GrainsHost.PartSize) + 4711);
        var upload = await user.CreateAsync("big.bin", content.Length);
        Assert.Equal(4, upload.PartCount);

        var parts = content.Chunk(GrainsHost.PartSize).Select((bytes, index) => (Number: index + 1, bytes)).Reverse().ToArray();
        var results = await Task.WhenAll(parts.Select(part => user.PutAsync(upload.Id, part.Number, part.bytes, part.Number)));
        Assert.All(results, result => Assert.Null(result.Refusal));
        var file = await user.CompleteAsync(upload.Id);

        Assert.Null(file.Refusal);
        Assert.Equal(content.Length, file.Entry!.SizeBytes);
        Assert.Equal(1, file.Entry.Version);
        Assert.Equal(SHA256.HashData(content), SHA256.HashData(await user.ReadAsync(file.Entry.Id)));
        var profile = await user.ProfileAsync();
        Assert.Equal((content.Length, 0L), (profile.UsedBytes, profile.ReservedBytes));
    }

    [Fact]
    public async Task Small_file_in_one_call_is_there_with_its_checksum()
    {
        var user = await host.SignUpAsync();
        var content = GrainsHost.Bytes(64 << 10);

        var file = await user.WriteFileAsync("small.txt", content);

        Assert.Null(file.Refusal);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content)), file.Entry!.Sha256);
        Assert.Equal(content, await user.ReadAsync(file.Entry.Id));
        Assert.Equal(file.Entry.Id, (await user.Grain.FindByPathAsync("small.txt")).Entry!.Id);
    }

    [Fact]
    public async Task Acknowledged_parts_survive_a_restart_and_the_rest_completes_the_file()
    {
        var user = await host.SignUpAsync();
        var content = GrainsHost.Bytes((2 * GrainsHost.PartSize) + 1);
        var upload = await user.CreateAsync("resumed.bin", content.Length);
        var parts = content.Chunk(GrainsHost.PartSize).ToArray();
        Assert.Null((await user.PutAsync(upload.Id, 2, parts[1])).Refusal);

        await host.RestartAsync();
        var resumed = (await user.Session(upload.Id).GetAsync(0, 1000)).Upload!;
        Assert.Equal([2], resumed.Parts.Select(part => part.Number));
        Assert.Equal(GrainsHost.PartSize, resumed.ReceivedBytes);
        await user.PutAsync(upload.Id, 1, parts[0]);
        await user.PutAsync(upload.Id, 3, parts[2]);
        var file = await user.CompleteAsync(upload.Id);

        Assert.Null(file.Refusal);
        Assert.Equal(SHA256.HashData(content), SHA256.HashData(await user.ReadAsync(file.Entry!.Id)));
    }

    [Fact]
    public async Task Login_gives_another_session_and_a_wrong_password_none()
    {
        var user = await host.SignUpAsync();
        var account = host.Grains.GetGrain<IAccountGrain>(AccountKeys.GrainKey(user.Email));

        Assert.Equal(user.Id, (await account.LogInAsync(new LogInCommand(user.Email, GrainsHost.Password))).SignIn!.UserId);
        Assert.Equal(RefusalReason.BadCredentials, (await account.LogInAsync(new LogInCommand(user.Email, "wrong"))).Refusal!.Reason);
    }
}
