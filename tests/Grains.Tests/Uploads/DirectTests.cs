using System.Security.Cryptography;
using GrainVault.Grains.Tests.Support;
using GrainVault.Uploads;

namespace GrainVault.Grains.Tests.Uploads;

/// <summary>Parts that go straight to the store.</summary>
public sealed class DirectTests(DirectHost host) : DirectUploads(host)
{
    [Fact]
    public async Task Parts_that_only_the_store_has_make_a_file()
    {
        var user = await Host.SignUpAsync();
        var upload = await CreateAsync(user, "direct.bin", Content.Length);
        var urls = await PresignAsync(user, upload.Id, 1, 2, 3);
        Assert.Equal([1, 2, 3], urls.Select(url => url.Number));
        Assert.Equal(3, urls.Select(url => url.Url).Distinct().Count());
        foreach (var number in (int[])[3, 1, 2])
            await SendPartAsync(upload.Id, number, PartOf(Content, number));

        var file = await user.CompleteAsync(upload.Id);

        Assert.Null(file.Refusal);
        Assert.Equal(Content, await user.ReadAsync(file.Entry!.Id));
        Assert.Equal((Content.Length, 0L), await UsageAsync(user));
    }

    [Fact]
    public async Task Session_shows_what_the_store_has_without_being_told()
    {
        var user = await Host.SignUpAsync();
        var upload = await CreateAsync(user, "shown.bin", Content.Length);
        await PresignAsync(user, upload.Id, 2);
        var etag = await SendPartAsync(upload.Id, 2, PartOf(Content, 2));

        var shown = (await user.Session(upload.Id).GetAsync(0, 1_000)).Upload!;

        Assert.Equal([new PartInfo(2, GrainsHost.PartSize, etag)], shown.Parts);
        Assert.Equal(GrainsHost.PartSize, shown.ReceivedBytes);
    }

    [Fact]
    public async Task Upload_begun_through_a_front_end_goes_on_directly_and_back()
    {
        var user = await Host.SignUpAsync();
        var upload = await user.CreateAsync("mixed.bin", Content.Length);
        Assert.Null((await user.PutAsync(upload.Id, 1, PartOf(Content, 1))).Refusal);
        await PresignAsync(user, upload.Id, 2);
        await SendPartAsync(upload.Id, 2, PartOf(Content, 2));
        Assert.Equal([1, 2], (await user.Session(upload.Id).GetAsync(0, 1_000)).Upload!.Parts.Select(part => part.Number));
        Assert.Null((await user.PutAsync(upload.Id, 3, PartOf(Content, 3))).Refusal);

        var file = await user.CompleteAsync(upload.Id);

        Assert.Equal(Content, await user.ReadAsync(file.Entry!.Id));
    }

    [Fact]
    public async Task Missing_parts_are_listed_and_leave_the_session_open()
    {
        var user = await Host.SignUpAsync();
        var upload = await CreateAsync(user, "missing.bin", Content.Length);
        await PresignAsync(user, upload.Id, 1, 2, 3);
        await SendPartAsync(upload.Id, 2, PartOf(Content, 2));

        var refused = await user.CompleteAsync(upload.Id);

        Assert.Equal(RefusalReason.MissingParts, refused.Refusal!.Reason);
        Assert.Equal([1, 3], refused.Refusal.Parts!);
        await SendPartAsync(upload.Id, 1, PartOf(Content, 1));
        await SendPartAsync(upload.Id, 3, PartOf(Content, 3));
        Assert.Null((await user.CompleteAsync(upload.Id)).Refusal);
    }

    [Fact]
    public async Task Part_of_another_size_is_listed_and_can_be_sent_again()
    {
        var user = await Host.SignUpAsync();
        var upload = await CreateAsync(user, "short.bin", Content.Length);
        await PresignAsync(user, upload.Id, 1, 2, 3);
        foreach (var number in (int[])[1, 2, 3])
            await SendPartAsync(upload.Id, number, PartOf(Content, number));
        await SendPartAsync(upload.Id, 2, PartOf(Content, 2)[..^1]);

        var refused = await user.CompleteAsync(upload.Id);

        Assert.Equal(RefusalReason.InvalidPart, refused.Refusal!.Reason);
        Assert.Equal([2], refused.Refusal.Parts!);
        await SendPartAsync(upload.Id, 2, PartOf(Content, 2));
        var file = await user.CompleteAsync(upload.Id);
        Assert.Equal(Content, await user.ReadAsync(file.Entry!.Id));
    }

    [Fact]
    public async Task Part_replaced_behind_a_claimed_ETag_is_listed()
    {
        var user = await Host.SignUpAsync();
        var upload = await CreateAsync(user, "claimed.bin", Content.Length);
        await PresignAsync(user, upload.Id, 1, 2, 3);
        var claimed = new List<PartTag>();
        foreach (var number in (int[])[1, 2, 3])
            claimed.Add(new PartTag(number, await SendPartAsync(upload.Id, number, PartOf(Content, number))));
        await SendPartAsync(upload.Id, 1, GrainsHost.Bytes(GrainsHost.PartSize, seed: 99));

        var refused = await user.CompleteAsync(upload.Id, new CompleteUploadCommand(claimed, null, null, null, null, null));

        Assert.Equal(RefusalReason.InvalidPart, refused.Refusal!.Reason);
        Assert.Equal([1], refused.Refusal.Parts!);
    }

    [Fact]
    public async Task Acknowledged_part_replaced_by_a_URL_is_listed_and_leaves_the_ledger()
    {
        var user = await Host.SignUpAsync();
        var upload = await user.CreateAsync("replaced.bin", Content.Length);
        foreach (var number in (int[])[1, 2, 3])
            Assert.Null((await user.PutAsync(upload.Id, number, PartOf(Content, number))).Refusal);
        await PresignAsync(user, upload.Id, 2);
        await SendPartAsync(upload.Id, 2, GrainsHost.Bytes(GrainsHost.PartSize, seed: 98));

        var refused = await user.CompleteAsync(upload.Id);

        Assert.Equal(RefusalReason.InvalidPart, refused.Refusal!.Reason);
        Assert.Equal([2], refused.Refusal.Parts!);
        Assert.Null((await user.PutAsync(upload.Id, 2, PartOf(Content, 2))).Refusal);
        var file = await user.CompleteAsync(upload.Id);
        Assert.Equal(Content, await user.ReadAsync(file.Entry!.Id));
    }

    [Fact]
    public async Task Acknowledged_part_replaced_by_a_URL_is_stored_again_when_it_is_sent_again()
    {
        var user = await Host.SignUpAsync();
        var upload = await user.CreateAsync("resent.bin", Content.Length);
        foreach (var number in (int[])[1, 2, 3])
            Assert.Null((await user.PutAsync(upload.Id, number, PartOf(Content, number))).Refusal);
        await PresignAsync(user, upload.Id, 2);
        await SendPartAsync(upload.Id, 2, GrainsHost.Bytes(GrainsHost.PartSize, seed: 95));

        Assert.Null((await user.PutAsync(upload.Id, 2, PartOf(Content, 2))).Refusal);

        var file = await user.CompleteAsync(upload.Id);
        Assert.Null(file.Refusal);
        Assert.Equal(Content, await user.ReadAsync(file.Entry!.Id));
    }

    [Fact]
    public async Task Part_replaced_between_the_check_and_the_store_s_completion_does_not_get_into_the_file()
    {
        var user = await Host.SignUpAsync();
        var upload = await CreateAsync(user, "raced.bin", Content.Length);
        await PresignAsync(user, upload.Id, 1, 2, 3);
        foreach (var number in (int[])[1, 2, 3])
            await SendPartAsync(upload.Id, number, PartOf(Content, number));
        Host.Store.Before = async (call, key) =>
        {
            if (call != "Complete")
                return;
            Host.Store.Before = null;
            await SendPartAsync(upload.Id, 3, GrainsHost.Bytes(10, seed: 97));
        };

        var refused = await user.CompleteAsync(upload.Id);

        Assert.Equal(RefusalReason.InvalidPart, refused.Refusal!.Reason);
        Assert.Equal([3], refused.Refusal.Parts!);
        await SendPartAsync(upload.Id, 3, PartOf(Content, 3));
        var file = await user.CompleteAsync(upload.Id);
        Assert.Equal(Content, await user.ReadAsync(file.Entry!.Id));
    }

    [Fact]
    public async Task Announced_checksum_is_verified_by_reading_the_object_back()
    {
        var user = await Host.SignUpAsync();
        var right = Convert.ToHexStringLower(SHA256.HashData(Content));
        var upload = await user.CreateAsync(DirectCommand("summed.bin", Content.Length, right));
        await PresignAsync(user, upload.Id, 1, 2, 3);
        foreach (var number in (int[])[1, 2, 3])
            await SendPartAsync(upload.Id, number, PartOf(Content, number));
        Assert.Equal(right, (await user.CompleteAsync(upload.Id)).Entry!.Sha256);

        var wrong = await user.CreateAsync(DirectCommand("wrong.bin", Content.Length, Convert.ToHexStringLower(SHA256.HashData(Small))));
        await PresignAsync(user, wrong.Id, 1, 2, 3);
        foreach (var number in (int[])[1, 2, 3])
            await SendPartAsync(wrong.Id, number, PartOf(Content, number));
        Assert.Equal(RefusalReason.ChecksumMismatch, (await user.CompleteAsync(wrong.Id)).Refusal!.Reason);
    }

    [Fact]
    public async Task Nobody_else_gets_URLs_and_wrong_numbers_are_refused()
    {
        var user = await Host.SignUpAsync();
        var upload = await CreateAsync(user, "mine.bin", Content.Length);
        var stranger = await Host.SignUpAsync();

        Assert.Equal(RefusalReason.NotFound, (await stranger.Session(upload.Id).PresignAsync([1])).Refusal!.Reason);
        foreach (var numbers in (int[][])[[], [0], [4], [1, 1], [.. Enumerable.Range(1, 1_001)]])
            Assert.Equal(RefusalReason.Invalid, (await user.Session(upload.Id).PresignAsync(numbers)).Refusal!.Reason);
        Assert.Null((await user.Session(upload.Id).AbortAsync()).Refusal);
        Assert.Equal(RefusalReason.UploadClosed, (await user.Session(upload.Id).PresignAsync([1])).Refusal!.Reason);
    }

    [Fact]
    public async Task Session_taken_over_by_a_new_silo_still_completes_what_the_store_has()
    {
        var user = await Host.SignUpAsync();
        var upload = await CreateAsync(user, "moved.bin", Content.Length);
        await PresignAsync(user, upload.Id, 1, 2, 3);
        foreach (var number in (int[])[1, 2, 3])
            await SendPartAsync(upload.Id, number, PartOf(Content, number));
        await Host.RestartAsync();

        var file = await user.CompleteAsync(upload.Id);

        Assert.Equal(Content, await user.ReadAsync(file.Entry!.Id));
    }
}
